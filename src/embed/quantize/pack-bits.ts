/** Codes of `bits` (1, 2, 4 or 8) each, several in a byte, the first in its lowest bits. */
export function packBits(codes: Uint8Array, bits: number): Uint8Array {
  const each = 8 / bits;
  const packed = new Uint8Array(Math.ceil(codes.length / each));
  codes.forEach((code, i) => {
    packed[Math.floor(i / each)] |= code << (bits * (i % each));
  });
  return packed;
}

/** The first `count` codes again. */
export function unpackBits(packed: Uint8Array, bits: number, count: number): Uint8Array {
  const each = 8 / bits;
  const mask = 2 ** bits - 1;
  return Uint8Array.from({ length: count }, (_, i) => (packed[Math.floor(i / each)] >> (bits * (i % each))) & mask);
}
