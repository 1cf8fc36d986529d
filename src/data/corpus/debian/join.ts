const FADE = 80; // 5 ms at 16 kHz

/** A clip on its way into utterances. */
export interface Clip {
  /** The file that it was cut from. */
  file: string;
  /** 16 kHz mono, silence trimmed. */
  samples: Float32Array;
}

/** A stretch of joined clips. */
export interface JoinedUtterance {
  samples: Float32Array;
  /** The clips it holds some of, in order. */
  files: string[];
}

/**
 * Lays clips end to end, each with 5 ms fades so that the joins do not click, and yields the stream in pieces of
 * `length` samples. No sample is used twice; a clip that straddles two pieces is named by both. The rest is dropped.
 */
export async function* joinClips(clips: AsyncIterable<Clip>, length: number): AsyncGenerator<JoinedUtterance> {
  let samples = new Float32Array(length);
  let files: string[] = [];
  let filled = 0;
  for await (const clip of clips) {
    const faded = fadeEdges(clip.samples);
    for (let from = 0; from < faded.length; ) {
      const part = faded.subarray(from, from + length - filled);
      samples.set(part, filled);
      files.push(clip.file);
      filled += part.length;
      from += part.length;
      if (filled < length) continue;
      yield { samples, files };
      [samples, files, filled] = [new Float32Array(length), [], 0];
    }
  }
}

function fadeEdges(samples: Float32Array): Float32Array {
  const faded = samples.slice();
  const width = Math.min(FADE, samples.length >> 1);
  for (let i = 0; i < width; i++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / width);
    faded[i] *= gain;
    faded[faded.length - 1 - i] *= gain;
  }
  return faded;
}
