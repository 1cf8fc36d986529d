import { crc32 } from 'node:zlib';
import type { HostTensor } from '../../host-tensor.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { piecesOf } from '../../io/read-file.js';
import { pickleOfTensors } from './write-pickle.js';

/** PyTorch begins every member at a multiple of it, by a field of padding in the member's header. */
const ALIGNMENT = 64;
const PADDING_FIELD = Buffer.from('FB');

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
/** The first of January 1980: equal content gives equal bytes. */
const FIRST_DAY = 0x21;

/**
 * Writes tensors by name as `torch.save` writes a state dict: a zip archive whose members are stored as they are. Sizes are of 32 bits,
 * which the networks that are written fill to a thirtieth.
 */
export function writeTorch(path: string, folder: string, tensors: ReadonlyMap<string, HostTensor>): void {
  const members: Member[] = [
    { name: `${folder}/data.pkl`, pieces: [pickleOfTensors(tensors)] },
    { name: `${folder}/byteorder`, pieces: [Buffer.from('little')] },
  ];
  let block = 0;
  for (const { data } of tensors.values()) {
    members.push({ name: `${folder}/data/${block}`, pieces: Array.from(piecesOf(data)) });
    block++;
  }
  members.push({ name: `${folder}/version`, pieces: [Buffer.from('3\n')] });
  writeFileAtomic(path, ...archiveOf(members));
}

interface Member {
  name: string;
  pieces: readonly Uint8Array[];
}

function archiveOf(members: readonly Member[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, pieces } of members) {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const checksum = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
    const facts = { name: Buffer.from(name), bytes, checksum };
    const header = localHeader(facts, at);
    chunks.push(header, ...pieces);
    directory.push(centralHeader(facts, at));
    at += header.length + bytes;
  }
  const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0);
  return chunks.concat(directory, endOf(members.length, directoryBytes, at));
}

interface Facts {
  name: Buffer;
  bytes: number;
  checksum: number;
}

/** What both headers of a member tell, from the version on. */
function commonFields({ name, bytes, checksum }: Facts, extra: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(FIRST_DAY, 8);
  fields.writeUInt32LE(checksum, 10);
  fields.writeUInt32LE(bytes, 14);
  fields.writeUInt32LE(bytes, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra, 24);
  return fields;
}

function localHeader(facts: Facts, at: number): Buffer {
  const before = at + LOCAL_BYTES + facts.name.length + 4;
  const padding = Buffer.alloc(4 + ((ALIGNMENT - (before % ALIGNMENT)) % ALIGNMENT));
  PADDING_FIELD.copy(padding);
  padding.writeUInt16LE(padding.length - 4, 2);
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(LOCAL);
  return Buffer.concat([signature, commonFields(facts, padding.length), facts.name, padding]);
}

function centralHeader(facts: Facts, at: number): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL, 0);
  header.writeUInt16LE(20, 4);
  commonFields(facts, 0).copy(header, 6);
  header.writeUInt32LE(at, 42);
  return Buffer.concat([header, facts.name]);
}

function endOf(members: number, bytes: number, at: number): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(members, 8);
  end.writeUInt16LE(members, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(at, 16);
  return end;
}
