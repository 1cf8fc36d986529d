import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { type OpenFile, readError, withFile } from '../../io/read-file.js';
import { readPickle } from '../pickle/read-pickle.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointOf } from './state-dict.js';
import type { Block } from './stored-tensor.js';

/** The largest pickle that is read: the names of the weights of large models take a thousandth of it. */
const LARGEST_PICKLE = 1 << 24;
const MOST_MEMBERS = 100_000;

interface Member extends Block {
  crc32: number;
}

/**
 * Opens a file of `torch.save`: a zip archive of a pickle and of the blocks of numbers that it names. Members are taken only where they
 * are stored as they are, as PyTorch stores them; so nothing is larger than the file.
 * @throws UserError for another archive, a damaged one, and a pickle that `readPickle` refuses
 */
export async function openTorchZip(path: string): Promise<Checkpoint> {
  const members = await membersOf(path);
  const { bytes, value, folder } = withFile(path, (file) => {
    const pickles = [...members.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickles.length !== 1) throw broken(path, `it holds ${pickles.length} files data.pkl instead of one`);
    const [name] = pickles;
    const folder = name.slice(0, name.indexOf('/'));
    checkByteOrder(file, members.get(`${folder}/byteorder`));
    const pickle = members.get(name)!;
    if (pickle.bytes > LARGEST_PICKLE)
      throw broken(path, `its pickle has ${pickle.bytes} bytes, too many for names of weights`);
    return { bytes: file.bytes, value: readPickle(`${path}, ${name}`, contentOf(file, name, pickle)).value, folder };
  });
  return checkpointOf(path, bytes, value, (key) => members.get(`${folder}/data/${key}`));
}

function contentOf(file: OpenFile, name: string, { at, bytes, crc32: expected }: Member): Uint8Array {
  const content = new Uint8Array(file.read(at, bytes));
  if (crc32(content) !== expected) throw broken(file.path, `${name} does not match its checksum`);
  return content;
}

function checkByteOrder(file: OpenFile, member: Member | undefined): void {
  if (!member || member.bytes > 100) return;
  const order = Buffer.from(file.read(member.at, member.bytes)).toString('latin1');
  if (order !== 'little') throw broken(file.path, `its byte order is ${JSON.stringify(order)}, and 'little' is needed`);
}

async function membersOf(path: string): Promise<Map<string, Member>> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false });
    const members = new Map<string, Member>();
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      checkMember(path, entry, members);
      total += entry.uncompressedSize;
      if (total > zip.fileSize) throw broken(path, 'its members are larger than the file');
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      members.set(entry.fileName, { at: fileDataStart, bytes: entry.uncompressedSize, crc32: entry.crc32 });
    }
    return members;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error) !== undefined) throw readError(path, error);
    throw broken(path, messageOf(error));
  } finally {
    zip?.close();
  }
}

function checkMember(
  path: string,
  { fileName, compressionMethod, ...entry }: Entry,
  members: Map<string, Member>,
): void {
  if (members.size >= MOST_MEMBERS) throw broken(path, `it has more than ${MOST_MEMBERS} members`);
  if (members.has(fileName)) throw broken(path, `it holds ${JSON.stringify(fileName)} twice`);
  if (compressionMethod !== 0 || entry.compressedSize !== entry.uncompressedSize)
    throw broken(path, `${JSON.stringify(fileName)} is compressed, and PyTorch stores everything as it is`);
}

const broken = (path: string, why: string) =>
  new UserError(
    `${path} is not a file of torch.save: ${why}. Copy or download it again, or save it again with PyTorch.`,
  );
