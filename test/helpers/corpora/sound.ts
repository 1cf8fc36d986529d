import { normals } from '../random-values.js';

/** Noise at this level, on int16 scale, for so many samples; zeros before and behind it. */
export function sound(samples: number, { level = 2000, before = 0, behind = 0 } = {}): Int16Array {
  const pcm = new Int16Array(before + samples + behind);
  pcm.set(Int16Array.from(normals(samples, `${samples} ${level}`, level)), before);
  return pcm;
}
