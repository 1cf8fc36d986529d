import { crc32c } from './crc32c.js';

// TFRecord: for each record its length (uint64, little-endian), the masked CRC-32C of that, its bytes, and their masked CRC-32C.

const HEAD = 12;
const FOOT = 4;

/** A record as it stands in the file. */
export function recordBytes(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + content.length + FOOT);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(content, HEAD);
  view.setUint32(HEAD + content.length, masked(crc32c(content)), true);
  return bytes;
}

/** The contents of a file's records, up to the first that is cut short. */
export function* recordsOf(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + HEAD + FOOT <= file.length; ) {
    const end = at + HEAD + Number(view.getBigUint64(at, true));
    if (end + FOOT > file.length) return;
    yield file.subarray(at + HEAD, end);
    at = end + FOOT;
  }
}

/** A checksum of data that holds checksums itself would be weak: hence the rotation by 15 bits and the constant. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
