/**
 * Features with augmentation, side by side with kaldi-native-fbank and scipy.signal.oaconvolve in two processes (augment_reference.py):
 * every crop of 2 s is played in a room, gets noise, and becomes mean-normalised fbank; both sides take the same crops, rooms,
 * noises and ratios, and the features are compared. Rounds take turns.
 * Usage: node dist/bench/speed/augment.js PYTHON [minutes of audio] [rounds]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { drawExcerpts, drawRooms } from '../../src/audio/augment/bank.js';
import { samplesFor } from '../../src/audio/features/fbank-options.js';
import { featureDefinition, features } from '../../src/audio/features/features.js';
import { addNoise, noiseOptions } from '../../src/augmentations/noise.js';
import { reverberate, reverbOptions } from '../../src/augmentations/reverb.js';
import { buildNoiseBank } from '../../src/data/noise-bank/build.js';
import { openNoiseBank } from '../../src/data/noise-bank/noise-bank.js';
import type { BankTask } from '../../src/data/noise-bank/task.js';
import { random } from '../../src/engine/random.js';
import { toFloat32 } from '../../src/engine/raw.js';
import { openSession } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { writeNpy } from '../../src/io/npy.js';
import { createRng } from '../../src/random.js';

const [python, minutes, rounds] = [process.argv[2], Number(process.argv[3] ?? 60), Number(process.argv[4] ?? 5)];
if (!python) throw new Error('Usage: node dist/bench/speed/augment.js PYTHON [minutes] [rounds]');
const script = fileURLToPath(new URL('../../../bench/speed/augment_reference.py', import.meta.url));
const ROWS = 60;
const definition = featureDefinition.parse({ dither: 0 });
const SAMPLES = samplesFor(200, definition);
const batches = Math.max(1, Math.round((minutes * 60) / ((ROWS * SAMPLES) / 16000)));
const hours = (batches * ROWS * SAMPLES) / 16000 / 3600;
const noises = noiseOptions.parse({ speech: { weight: 0 }, music: { weight: 0 } });
const folder = mkdtempSync(join(tmpdir(), 'augment-bench-'));

const make = (count: number, task: (i: number) => BankTask) => Array.from({ length: count }, (_, i) => task(i));
await buildNoiseBank({
  dir: folder,
  noises: { noise: make(40, (i) => ({ make: 'noise', seed: `n${i}`, samples: 160000 })), speech: [], music: [] },
  rooms: make(40, (i) => ({ make: 'simulated room', seed: `r${i}`, taps: 16000, rt60Seconds: [0.2, 0.8] })),
  taps: 16000,
});
const bank = openNoiseBank(folder);
const session = openSession({ threads: 2, device: 'cpu' });
const rng = createRng('crops');
const crops: HostTensor[] = Array.from({ length: batches }, () => {
  const data = Int16Array.from({ length: ROWS * SAMPLES }, (_, i) => 2000 * Math.sin(i / 40) * rng.next());
  return { dtype: 'int16', shape: [ROWS, SAMPLES], data };
});

const heard = (wave: Tensor) => {
  const inRoom = reverberate(toFloat32(wave), bank, reverbOptions.parse({}), 'room');
  return features(addNoise(inRoom, bank, noises, 'noise'), definition, { name: 'features', dither: false });
};
const step = session.compile('step', ({ wave }: Record<string, Tensor>) => ({ y: heard(wave) }));
// The same draws, for the other side.
const draws = session.compile('draws', (_inputs: Record<string, Tensor>) => ({
  rooms: drawRooms(bank, ROWS, 'room'),
  noise: drawExcerpts(bank, 'noise', [ROWS, SAMPLES], 'noise/0'),
  snr: tf.reshape(random.uniform([ROWS, 1, 1], 'noise/0/snr', ...noises.noise.snrDb), [ROWS]),
}));

const write = (name: string, width: number, parts: HostTensor[]) => {
  const all = new Float32Array(parts.length * ROWS * width);
  parts.forEach(({ data }, i) => {
    all.set(data as Float32Array, i * ROWS * width);
  });
  writeNpy(join(folder, `${name}.npy`), [parts.length * ROWS, width], all);
};
const drawn = [];
for (let i = 0; i < batches; i++) drawn.push(await draws({ step: i }));
write('crops', SAMPLES, crops);
write(
  'rooms',
  16000,
  drawn.map(({ rooms }) => rooms),
);
write(
  'noise',
  SAMPLES,
  drawn.map(({ noise }) => noise),
);
write(
  'snr',
  1,
  drawn.map(({ snr }) => snr),
);
write('features', 200 * definition.bins, [(await step({ wave: crops[0], step: 0 })).y]);
drawn.length = 0;

const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
const reference = spawn(python, [script, folder, String(ROWS)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface(reference.stdout)[Symbol.asyncIterator]();
const ask = async () => {
  reference.stdin.write('go\n');
  return Number((await answers.next()).value);
};
console.log(`largest difference of features, first ${ROWS} crops: ${await ask()}`);

const timesS = { ours: [] as number[], theirs: [] as number[] };
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  for (let i = 0; i < batches; i++) await step({ wave: crops[i], step: i });
  timesS.ours.push((performance.now() - start) / 1000);
  timesS.theirs.push(await ask());
}
reference.stdin.end();
await session.close();
rmSync(folder, { recursive: true });
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] / hours;
const [ours, theirs] = [median(timesS.ours), median(timesS.theirs)];
console.log(`${(hours * 60).toFixed(1)} minutes of audio, ${rounds} rounds, 2 threads against 2 processes`);
console.log(
  `an hour of audio: ${ours.toFixed(2)} s here, ${theirs.toFixed(2)} s there: ${(theirs / ours).toFixed(1)} times as fast`,
);
