import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type NoiseBank, type NoiseKind, noiseKinds } from '../../../src/audio/augment/bank.js';
import { openNoiseBank } from '../../../src/data/noise-bank/noise-bank.js';
import { temporaryFolder } from '../temporary-folder.js';

/** A bank of these recordings (whole blocks of 160 samples) and room responses, on disk. */
export function tinyBank(
  t: ExecutionContext,
  noises: Partial<Record<NoiseKind, Int16Array[]>>,
  rooms: Float32Array[] = [Float32Array.of(1)],
): NoiseBank {
  const dir = temporaryFolder(t);
  const all = noiseKinds.flatMap((kind) => noises[kind] ?? []);
  const bytes = (parts: readonly (Int16Array | Float32Array)[]) =>
    Buffer.concat(parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
  writeFileSync(join(dir, 'noises.pcm'), bytes(all));
  writeFileSync(join(dir, 'rooms.f32'), bytes(rooms));
  const blocks = Object.fromEntries(
    noiseKinds.map((kind) => [kind, (noises[kind] ?? []).map(({ length }) => length / 160)]),
  );
  const index = {
    format: 1,
    sampleRateHz: 16000,
    noises: blocks,
    rooms: { count: rooms.length, taps: rooms[0].length },
  };
  writeFileSync(join(dir, 'bank.json'), JSON.stringify(index));
  return openNoiseBank(dir);
}
