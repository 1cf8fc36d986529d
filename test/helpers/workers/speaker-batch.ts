import type { Batch } from '../../../src/data/crops/loader.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { createRng } from '../../../src/random.js';
import { BINS } from '../training/small-training.js';

const FRAMES = 30;

/** A batch of stored features: of each utterance a voice of its own, with noise that differs from crop to crop. */
export function speakerBatch(seed: string, size: number, crops: { global: number; local: number }): Batch {
  const rng = createRng(seed);
  const voices = Array.from({ length: size }, () => Float32Array.from({ length: BINS }, () => rng.normal()));
  const cut = (count: number) =>
    Float32Array.from(
      { length: count * size * FRAMES * BINS },
      (_, i) => voices[Math.floor(i / (FRAMES * BINS)) % size][i % BINS] + rng.normal(),
    );
  return {
    step: 0,
    epoch: 0,
    utterances: Int32Array.from({ length: size }, (_, i) => i),
    origins: Int32Array.from({ length: (crops.global + crops.local) * size }, (_, i) => i % size),
    starts: new Int32Array((crops.global + crops.local) * size),
    release: () => {},
    global: cut(crops.global),
    local: crops.local > 0 ? cut(crops.local) : null,
  };
}

/** The largest difference between two sets of variables, and the variable that it is in. */
export function farthest(
  a: Record<string, HostTensor>,
  b: Record<string, HostTensor>,
): { variable: string; distance: number } {
  let [variable, distance] = ['', 0];
  for (const [name, { data }] of Object.entries(a)) {
    data.forEach((value, i) => {
      const apart = Math.abs(Number(value) - Number(b[name].data[i]));
      if (apart > distance) [variable, distance] = [name, apart];
    });
  }
  return { variable, distance };
}
