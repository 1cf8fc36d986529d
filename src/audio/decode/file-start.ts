/** `length` bytes from `at` on, as Latin-1 text. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

const ID3_HEADER_BYTES = 10;

/**
 * Offset of the content behind ID3v2 tags, which any file may carry in front; 0 without one. A tag's size (four groups of seven
 * bits) that leads out of the file is not believed: the content is then looked for behind the tag's header.
 */
export function endOfId3(bytes: Uint8Array): number {
  let at = 0;
  while (textAt(bytes, at, 3) === 'ID3' && at + ID3_HEADER_BYTES <= bytes.length) {
    const size = (bytes[at + 6] << 21) | (bytes[at + 7] << 14) | (bytes[at + 8] << 7) | bytes[at + 9];
    const footer = bytes[at + 5] & 0x10 ? ID3_HEADER_BYTES : 0;
    const end = at + ID3_HEADER_BYTES + size + footer;
    at = end > bytes.length ? at + ID3_HEADER_BYTES : end;
  }
  return at;
}
