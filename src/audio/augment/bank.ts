import { gather } from '../../engine/gather.js';
import { mappedRows } from '../../engine/ops/mapped-rows.js';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { onHost } from '../../engine/trace.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** The kinds of interfering sound in MUSAN (Snyder et al., "MUSAN: A Music, Speech, and Noise Corpus", 2015, arXiv:1510.08484). */
export const noiseKinds = ['noise', 'speech', 'music'] as const;
export type NoiseKind = (typeof noiseKinds)[number];

/** Recordings begin at multiples of this, and so do excerpts: 10 ms at 16 kHz. */
export const BLOCK_SAMPLES = 160;

/** Positions of recordings in a bank's file, in blocks. */
export interface Recordings {
  first: Int32Array;
  blocks: Int32Array;
}

/** Noises (int16, 16 kHz) and room responses (float32, unit energy, direct path first) on disk, as the graph reads them. */
export interface NoiseBank {
  noises: { path: string; blocks: number; kinds: Partial<Record<NoiseKind, Recordings>> };
  rooms: { path: string; count: number; taps: number };
}

/** A bank to trace with while the real one does not exist yet. */
export const standInBank: NoiseBank = {
  noises: { path: '/', blocks: 1, kinds: Object.fromEntries(noiseKinds.map((kind) => [kind, oneBlock()])) },
  rooms: { path: '/', count: 1, taps: SAMPLE_RATE_HZ },
};

function oneBlock(): Recordings {
  return { first: Int32Array.of(0), blocks: Int32Array.of(1) };
}

/**
 * Random excerpts [count, samples] of a kind's recordings, each recording and each place in it equally likely. Shorter recordings
 * are repeated.
 */
export function drawExcerpts({ noises }: NoiseBank, kind: NoiseKind, size: [number, number], name: string): Tensor {
  const recordings = noises.kinds[kind];
  if (!recordings) throw new Error(`the noise bank holds no ${kind}`);
  const [count, samples] = size;
  const needed = Math.ceil(samples / BLOCK_SAMPLES);
  const indices = onHost(() => blockIndices(recordings, count, needed, name));
  const file = { path: noises.path, dtype: 'int16' as const, rows: noises.blocks, width: BLOCK_SAMPLES };
  const whole = tf.reshape(mappedRows(file, indices), [count, needed * BLOCK_SAMPLES]);
  return tf.slice(whole, [0, 0], [count, samples]);
}

/**
 * The blocks of `count` random excerpts of `needed` blocks, int32 [count, needed]. On a GPU, TensorFlow would draw there and compute with whole
 * numbers on the host: every step of this arithmetic would wait for the device.
 */
function blockIndices({ first, blocks }: Recordings, count: number, needed: number, name: string): Tensor {
  const chosen = drawIndex(count, first.length, `${name}/recording`);
  const [from, length] = [first, blocks].map((table) => gather(tf.tensor1d(table, 'int32'), chosen));
  const places = tf.where(tf.greater(length, needed), tf.sub(length, tf.scalar(needed - 1, 'int32')), length);
  const start = tf.floor(tf.mul(random.uniform([count], `${name}/start`), tf.cast(places, 'float32')));
  const column = (values: Tensor) => tf.reshape(values, [count, 1]);
  const within = tf.add(column(tf.cast(start, 'int32')), tf.reshape(tf.range(0, needed, 1, 'int32'), [1, needed]));
  return tf.add(column(from), tf.mod(within, column(length)));
}

/** Random room responses [count, taps], each equally likely. */
export function drawRooms({ rooms }: NoiseBank, count: number, name: string): Tensor {
  const file = { path: rooms.path, dtype: 'float32' as const, rows: rooms.count, width: rooms.taps };
  return mappedRows(
    file,
    onHost(() => drawIndex(count, rooms.count, `${name}/room`)),
  );
}

/** Evenly drawn whole numbers below `size`, int32 [count]. */
function drawIndex(count: number, size: number, name: string): Tensor {
  const drawn = tf.floor(tf.mul(random.uniform([count], name), size));
  return tf.cast(tf.minimum(drawn, size - 1), 'int32');
}
