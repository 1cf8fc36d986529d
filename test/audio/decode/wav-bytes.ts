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
    if (id === 'fmt ') return chunk(id, new Uint8Array(format.buffer));
    return id === 'data' ? chunk(id, data, parts.statedDataBytes) : chunk(id, Uint8Array.of(1, 2, 3));
  });
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return new Uint8Array(chunk('RIFF', body, parts.statedRiffBytes));
}

function chunk(id: string, content: Uint8Array, statedBytes = content.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(statedBytes, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

/** The bytes of 16-bit samples. */
export function int16Bytes(...values: number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer);
}
