/** What to put into a WAV file of a test; lengths can be told wrongly. */
export interface WavParts {
  formatTag?: number;
  channels?: number;
  sampleRateHz?: number;
  bitsPerSample?: number;
  blockBytes?: number;
  data: Uint8Array;
  statedDataBytes?: number;
  statedRiffBytes?: number;
  /** The chunks' order; other names than fmt and data become chunks of three bytes (and a padding byte). */
  order?: string[];
  /** Chunks of odd length without their padding byte. */
  isUnpadded?: boolean;
  /** Bytes behind the first 16 of the fmt chunk. */
  extension?: Uint8Array;
}

/** Builds a RIFF file chunk by chunk, independently of the writer under src. */
export function wavBytes(parts: WavParts): Uint8Array {
  const { channels = 1, bitsPerSample = 16, sampleRateHz = 16000, data } = parts;
  const format = new DataView(new ArrayBuffer(16));
  const blockBytes = parts.blockBytes ?? (channels * bitsPerSample) / 8;
  format.setUint16(0, parts.formatTag ?? 1, true);
  format.setUint16(2, channels, true);
  format.setUint32(4, sampleRateHz, true);
  format.setUint32(8, sampleRateHz * blockBytes, true);
  format.setUint16(12, blockBytes, true);
  format.setUint16(14, bitsPerSample, true);
  const chunks = (parts.order ?? ['fmt ', 'data']).map((id) => {
    if (id === 'fmt ')
      return chunk(id, Buffer.concat([Buffer.from(format.buffer), parts.extension ?? Buffer.alloc(0)]));
    if (id === 'data') return chunk(id, data, parts.statedDataBytes);
    return chunk(id, Uint8Array.of(1, 2, 3), 3, !parts.isUnpadded);
  });
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return new Uint8Array(chunk('RIFF', body, parts.statedRiffBytes));
}

function chunk(id: string, content: Uint8Array, statedBytes = content.length, isPadded = true): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(statedBytes, 4);
  return Buffer.concat([head, content, Buffer.alloc(isPadded ? content.length % 2 : 0)]);
}

/** Builds a Sony Wave64 file of 16-bit samples: identifiers of 16 bytes, 64-bit lengths that count their header, chunks at multiples of 8. */
export function wave64Bytes(data: Uint8Array, sampleRateHz: number, others: string[] = []): Uint8Array {
  const guid = (id: string, rest: string) => Buffer.concat([Buffer.from(id), Buffer.from(rest, 'hex')]);
  const wave = 'f3acd3118cd100c04f8edb8a';
  const long = (id: string, content: Uint8Array) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(content.length + 24));
    return Buffer.concat([guid(id, wave), length, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
  };
  const format = Buffer.from(wavBytes({ data, sampleRateHz }).subarray(20, 36));
  const chunks = [long('fmt ', format)].concat(
    others.map((id) => long(id, Uint8Array.of(1, 2, 3))),
    long('data', data),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(40 + chunks.reduce((sum, { length }) => sum + length, 0)));
  const head = [guid('riff', '2e91cf11a5d628db04c10000'), size, guid('wave', wave)];
  return new Uint8Array(Buffer.concat(head.concat(chunks)));
}

/** The bytes of 16-bit samples. */
export function int16Bytes(...values: number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer);
}
