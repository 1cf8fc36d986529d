import type { HeardBatch } from './hearing.js';

/**
 * A batch whose rows go on behind their ends as they came, for features that hear a mirrored signal around a recording: `tail` samples of
 * each row, without a second last sample. A row that is shorter repeats its first one.
 */
export function mirrorEnds(heard: HeardBatch, tail: number): HeardBatch {
  const wave = Float32Array.from(heard.wave);
  heard.lengths.forEach((length, row) => {
    const start = row * heard.samples;
    const end = Math.min(length + tail, heard.samples);
    for (let i = length; i < end; i++) wave[start + i] = wave[start + Math.max(0, 2 * (length - 1) - i)];
  });
  return { ...heard, wave };
}
