import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { makeFolder } from '../../io/folder.js';
import { type FreeBytes, requireSpace, storageError } from './disk-space.js';

export interface UnpackedFile {
  /** Relative to the target folder, as in the wheel. */
  path: string;
  bytes: number;
}

export interface Unpacking {
  /** The wheel: a zip file. */
  wheel: string;
  into: string;
  wanted: (path: string) => boolean;
  /** Called with the bytes written and the total. */
  onBytes?: (done: number, total: number) => void;
  freeBytes?: FreeBytes;
}

/**
 * Libraries in CUDA's wheels that neither TensorFlow nor another library opens: a second build of nvrtc, cuSOLVER for several GPUs, cuBLAS and
 * cuFFT behind other interfaces, and CUPTI's counters, checkpoints and samples, where TensorFlow only traces.
 */
const NEVER_OPENED = /\/lib(nvrtc(-builtins)?\.alt|cusolverMg|nvblas|cufftw|nvperf_\w+|checkpoint|pcsamplingutil)\.so/;

/**
 * True for the files of a wheel that belong to the library: TensorFlow's two, CUDA's libraries that it opens, and the tools that XLA
 * compiles with.
 */
export function isLibraryFile(path: string): boolean {
  if (NEVER_OPENED.test(path)) return false;
  return (
    /^tensorflow\/libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/.test(path) ||
    /^nvidia\/[^/]+\/lib\/[^/]+\.so[.\d]*$/.test(path) ||
    /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[^/]+\.bc)$/.test(path)
  );
}

/**
 * Unpacks the wanted files of a wheel, streaming, each checked against its CRC-32 and written through to the disk.
 * Throws a UserError for a file that is not a valid wheel (a path that leads out of the folder included) and a full disk.
 */
export async function unpackWheel({ wheel, into, wanted, onBytes, freeBytes }: Unpacking): Promise<UnpackedFile[]> {
  let zip: ZipFile | undefined;
  let rest = 0;
  try {
    zip = await openPromise(wheel, { autoClose: false });
    const entries: Entry[] = [];
    // Asking for every entry makes the reader check every path.
    for await (const entry of zip.eachEntry()) if (wanted(entry.fileName)) entries.push(entry);
    const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    requireSpace(into, total, freeBytes);
    rest = total;
    for (const entry of entries) {
      await unpackEntry(zip, entry, join(into, entry.fileName), (bytes) => {
        rest -= bytes;
        onBytes?.(total - rest, total);
      });
    }
    return entries.map(({ fileName, uncompressedSize }) => ({ path: fileName, bytes: uncompressedSize }));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const stored = storageError(into, rest, error, freeBytes);
    if (stored instanceof UserError || !isZipFault(error)) throw stored;
    throw new UserError(`${wheel} is not a valid wheel: ${messageOf(error)}. Fetch it again.`);
  } finally {
    zip?.close();
  }
}

async function unpackEntry(zip: ZipFile, entry: Entry, path: string, onChunk: (bytes: number) => void): Promise<void> {
  makeFolder(dirname(path));
  const executable = ((entry.externalFileAttributes >>> 16) & 0o100) !== 0;
  const contents = await zip.openReadStreamPromise(entry);
  const target = createWriteStream(path, { flags: 'wx', mode: executable ? 0o755 : 0o644, flush: true });
  await pipeline(contents, crcCheck(entry, onChunk), target);
}

/** The zip reader leaves the CRC to its caller. */
function crcCheck({ crc32: expected, fileName }: Entry, onChunk: (bytes: number) => void): Transform {
  let crc = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc = crc32(chunk, crc);
      onChunk(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      done(crc === expected ? null : new Error(`${fileName} does not match its CRC-32`));
    },
  });
}

/** Errors of the zip reader and of zlib carry no code of the operating system. */
function isZipFault(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined || code.startsWith('Z_');
}
