import { createRng } from '../../src/random.js';
import type { Enrolment, StoreKind } from '../../src/speakers/change-store.js';

export const SIZE = 8;

export const kindOf = (name = 'one'): StoreKind => ({
  model: { name, digest: (name === 'one' ? 'a' : 'b').repeat(64) },
  embeddingSize: SIZE,
  meanSubtracted: true,
});

/** A direction that depends on the name only, float32 [size] of length one. */
export function unitOf(name: string | number, size = SIZE): Float32Array {
  const rng = createRng(`unit ${name}`);
  const values = Array.from({ length: size }, () => rng.normal());
  const norm = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / norm);
}

/** An enrolment of a speaker with recordings of these names. */
export const enrolmentOf = (speaker: string, ...files: string[]): Enrolment => ({
  speaker,
  utterances: files.map((file) => ({ file, seconds: 2, soundSeconds: 1.5, vector: unitOf(`${speaker} ${file}`) })),
});
