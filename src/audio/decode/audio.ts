/** Decoded sound: one array of samples per channel, nominally in [-1, 1], all of one length. */
export interface Audio {
  sampleRateHz: number;
  channels: Float32Array[]; // [channels][samples]
}

/** Faults of a recording that did decode. */
export interface AudioReport {
  /** All samples are equal (an empty recording counts as silent). */
  silent: boolean;
  /** The share of samples at full scale, 0 to 1. */
  clippedShare: number;
  /** Some sample is NaN or infinite. */
  nan: boolean;
  /** The largest absolute finite sample. */
  peak: number;
}

/** Full scale less one and a half steps of 16 bits: both ends of the 16-bit range count as clipped. */
const CLIPPED_AT = 1 - 1.5 / 32768;

/** The mean of all channels; a single channel is returned as it is, not copied. */
export function mixToMono(channels: Float32Array[]): Float32Array {
  if (channels.length === 1) return channels[0];
  const mono = new Float32Array(channels[0]?.length ?? 0);
  const scale = 1 / channels.length;
  for (const channel of channels) for (let i = 0; i < mono.length; i++) mono[i] += channel[i] * scale;
  return mono;
}

/** Checks for silence, clipping and samples that are not numbers, in one pass. */
export function inspectAudio(samples: Float32Array): AudioReport {
  let [clipped, peak, nan, silent] = [0, 0, false, true];
  const first = samples[0];
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i];
    const size = value < 0 ? -value : value;
    if (!(size < Number.POSITIVE_INFINITY)) nan = true;
    else if (size > peak) peak = size;
    if (size >= CLIPPED_AT) clipped++;
    if (value !== first) silent = false;
  }
  return { silent: silent && !nan, clippedShare: samples.length === 0 ? 0 : clipped / samples.length, nan, peak };
}
