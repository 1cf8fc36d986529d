/**
 * Writes FLAC bit by bit, independently of the reader under src: verbatim subframes of 16 bits, one channel.
 */

/** CRC of FLAC, from its definition: bit by bit. */
export function slowCrc(bytes: Uint8Array, bits: 8 | 16, polynomial: number): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = (crc >> (bits - 1)) & 1;
      crc = (crc << 1) & (2 ** bits - 1);
      if (top !== ((byte >> bit) & 1)) crc ^= polynomial;
    }
  }
  return crc;
}

const bigEndian16 = (value: number) => [(value >> 8) & 255, value & 255];

interface FrameParts {
  samples: number[];
  number: number;
  /** 5 is 16 kHz, 0 leaves it to STREAMINFO. */
  rateCode?: number;
  /** 4 is 16 bits, 0 leaves it to STREAMINFO. */
  sizeCode?: number;
}

/** A frame of one channel whose samples are written as they are. */
export function flacFrame({ samples, number, rateCode = 5, sizeCode = 4 }: FrameParts): Uint8Array {
  const head = [0xff, 0xf8, 0x70 | rateCode, sizeCode << 1, number].concat(bigEndian16(samples.length - 1));
  const header = head.concat(slowCrc(Uint8Array.from(head), 8, 0x07));
  const body = header.concat(0x02, samples.flatMap(bigEndian16));
  return Uint8Array.from(body.concat(bigEndian16(slowCrc(Uint8Array.from(body), 16, 0x8005))));
}

/** `fLaC` and a STREAMINFO block: 16 kHz, one channel of 16 bits; without `md5`, sixteen zeros. */
export function flacStart(samples: number, md5 = new Uint8Array(16)): Uint8Array {
  const rateAndForm = [0x03, 0xe8, 0x00, 0xf0];
  const info = [16, 0, 16, 0, 0, 0, 0, 0, 0, 0].concat(rateAndForm, 0, 0, bigEndian16(samples), [...md5]);
  return Uint8Array.from([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34].concat(info));
}
