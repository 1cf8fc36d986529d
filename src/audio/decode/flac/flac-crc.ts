/** FLAC's checksums (RFC 9639, sections 9.1.8 and 9.3): CRC-8 with polynomial 0x07, CRC-16 with 0x8005, both from 0, high bit first. */

function table(bits: 8 | 16, polynomial: number): Uint16Array {
  const [top, mask] = [1 << (bits - 1), 2 ** bits - 1];
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    for (let i = 0; i < 8; i++) crc = (crc & top ? (crc << 1) ^ polynomial : crc << 1) & mask;
    return crc;
  });
}

const CRC8 = table(8, 0x07);

/** Remainders of the CRC-16 by its upper byte: `crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ byte]` takes one byte more. */
export const CRC16 = table(16, 0x8005);

export function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = CRC8[crc ^ byte];
  return crc;
}

/** 0 for bytes that end with their own checksum. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ bytes[i]];
  return crc;
}
