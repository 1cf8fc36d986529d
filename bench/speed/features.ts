/**
 * Time of features and augmentation inside the graph: milliseconds per hour of audio, and for one DINO batch of 48 utterances
 * (2 crops of 1.5 s and 4 of 1 s each, 288 rows). Usage: node dist/bench/speed/features.js [threads] [rounds]
 */

import { samplesFor } from '../../src/audio/features/fbank-options.js';
import { featureDefinition, features } from '../../src/audio/features/features.js';
import { randomChannelOptions, throughRandomChannel } from '../../src/augmentations/random-channel.js';
import { toFloat32 } from '../../src/engine/raw.js';
import { openSession } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';

const [threads, rounds] = [Number(process.argv[2] ?? 2), Number(process.argv[3] ?? 15)];
const definition = featureDefinition.parse({});
const channel = randomChannelOptions.parse({});
const session = openSession({ threads, device: 'cpu' });
const rng = createRng('bench');

function noise(rows: number, frames: number): HostTensor {
  const samples = samplesFor(frames, definition);
  const data = Int16Array.from({ length: rows * samples }, () => 1000 * rng.normal());
  return { dtype: 'int16', shape: [rows, samples], data };
}

const batch = { long: noise(96, 150), short: noise(192, 100) };
const audioSeconds = (96 * 24240 + 192 * 16240) / 16000;

const ways: Record<string, (wave: Tensor, name: string) => Tensor> = {
  'features without dither': (wave, name) => features(wave, definition, { name, dither: false }),
  'features with dither': (wave, name) => features(wave, definition, { name, dither: true }),
  'augmentation alone': (wave, name) => throughRandomChannel(wave, channel, name),
  'augmentation and features': (wave, name) =>
    features(throughRandomChannel(wave, channel, `${name}/augment`), definition, { name, dither: true }),
};

const compiled = Object.entries(ways).map(([name, way]) => {
  const step = session.compile(name, ({ long, short }: Record<string, Tensor>) => {
    // One number of the result is enough to make the graph compute all of it.
    const one = (wave: Tensor, part: string) => tf.slice(tf.reshape(way(toFloat32(wave), part), [-1]), [0], [1]);
    return { long: one(long, 'long'), short: one(short, 'short') };
  });
  return { name, step, timesMs: [] as number[] };
});

// Rounds are interleaved, so that whatever else the machine does falls on all of them.
for (let round = -2; round < rounds; round++) {
  for (const { step, timesMs } of compiled) {
    const start = performance.now();
    await step({ ...batch, step: round + 2 });
    if (round >= 0) timesMs.push(performance.now() - start);
  }
}
await session.close();

console.log(`${threads} threads, ${rounds} rounds, 288 rows, ${audioSeconds.toFixed(0)} s of audio`);
for (const { name, timesMs } of compiled) {
  timesMs.sort((a, b) => a - b);
  const [best, median] = [timesMs[0], timesMs[timesMs.length >> 1]];
  const perHour = (best * 3600) / audioSeconds;
  console.log(
    `${name}: best ${best.toFixed(0)} ms, median ${median.toFixed(0)} ms a batch; ${perHour.toFixed(0)} ms an hour of audio (best)`,
  );
}
