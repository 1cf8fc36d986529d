import test from 'ava';
import { randomChannelOptions, throughRandomChannel } from '../../src/augmentations/random-channel.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { PretrainParts } from '../../src/train/pretrainer.js';
import type { CropView } from '../../src/train/step/crop-features.js';
import type { StepMetrics } from '../../src/train/step/training-step.js';
import { withSession } from '../helpers/session.js';
import {
  BATCH,
  BINS,
  noiseBatch,
  SAMPLES,
  smallFeatures,
  smallPretrainer,
} from '../helpers/training/small-training.js';

const VALUES = { rate: 0.01, momentum: 0.9, teacherTemperature: 0.05, lastLayer: 1 };

/** A method that learns nothing of note and reports the energy of each crop's features. */
const listener: PretrainParts['build'] = ({ scope }) => {
  const weight = scope('weight').param('value', [1], 1);
  const energies = (name: string, rows: Tensor) => {
    const sums = tf.split(tf.sum(tf.square(rows), [1, 2]), rows.shape[0]);
    return Object.fromEntries(sums.map((sum, row) => [`${name}${row}`, sum]));
  };
  return {
    trained: [weight],
    networks: {},
    loss: ({ global, local }) => ({
      loss: tf.sum(tf.square(weight.read())),
      metrics: { ...energies('global', global), ...energies('local', local!) },
      embeddings: tf.zeros([BATCH, 4]),
    }),
  };
};

const channel: CropView['augmentations'] = [
  (wave, name) => throughRandomChannel(wave, randomChannelOptions.parse({}), name),
];
const views: Record<string, CropView> = {
  dither: { features: { ...smallFeatures, dither: 100 }, augmentations: [] },
  augmentation: { features: smallFeatures, augmentations: channel },
};

/** What the listener hears at the given steps; every crop of the batch is the same noise. */
function hear(view: CropView, steps: number[], seed = 0, clean = false): Promise<StepMetrics[]> {
  return withSession(
    async (session: Session) => {
      const crops = { global: 2, local: 2, clean };
      const trainer = smallPretrainer(session, {}, { build: listener, view, crops });
      const batch = noiseBatch('one');
      const crop = batch.global.subarray(0, batch.global.length / (2 * BATCH));
      for (const rows of [batch.global, batch.local!]) {
        for (let at = 0; at < rows.length; at += crop.length) rows.set(crop, at);
      }
      const heard: StepMetrics[] = [];
      for (const step of steps) heard.push(await trainer.step(batch, step, { rate: 0 }));
      return heard;
    },
    { seed },
  );
}

const energies = ({ loss: _, embeddingStd: __, effectiveRank: ___, ...rest }: StepMetrics): number[] =>
  Object.values(rest);

for (const [name, view] of Object.entries(views)) {
  test(`${name}: every crop and every step draws anew, the same step the same`, async (t) => {
    const [first, second, again] = (await hear(view, [0, 1, 0])).map(energies);
    t.is(first.length, 4 * BATCH);
    t.is(new Set([...first, ...second]).size, 8 * BATCH, 'no two crops sound alike');
    t.deepEqual(again, first);
    // Another process would start at this step, after a resume.
    t.deepEqual((await hear(view, [1])).map(energies), [second]);
    t.notDeepEqual((await hear(view, [1], 1)).map(energies), [second], 'another seed');
  });
}

test('without dither and augmentation nothing is random', async (t) => {
  const heard = (await hear({ features: smallFeatures, augmentations: [] }, [0, 1])).flatMap(energies);
  t.is(new Set(heard).size, 1);
});

test('the seed decides where a network starts', async (t) => {
  const start = (seed: number) =>
    withSession(async (session) => {
      smallPretrainer(session, {}, { seed });
      return session.save();
    });
  t.deepEqual(await start(1), await start(1));
  t.notDeepEqual(await start(1), await start(2));
});

test('ten steps on one batch lower its loss', async (t) => {
  await withSession(async (session) => {
    const trainer = smallPretrainer(session, { name: 'adam' });
    const batch = noiseBatch('batch');
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) losses.push((await trainer.step(batch, step, VALUES)).loss);
    t.true(losses[9] < 0.9 * losses[0], `${losses}`);
  });
});

test('clean global crops are not augmented; the local ones are, and dither is no augmentation', async (t) => {
  const distinct = (values: number[]) => new Set(values).size;
  const globals = ([metrics]: StepMetrics[]) => energies(metrics).slice(0, 2 * BATCH);
  const locals = ([metrics]: StepMetrics[]) => energies(metrics).slice(2 * BATCH);
  const plain = await hear({ features: smallFeatures, augmentations: [] }, [0]);
  const heard = await hear(views.augmentation, [0], 0, true);
  t.deepEqual(globals(heard), globals(plain));
  t.is(distinct(locals(heard)), 2 * BATCH);
  t.is(distinct(globals(await hear(views.dither, [0], 0, true))), 2 * BATCH);
});

test('each utterance is played at one of the speeds, all of its crops at the same', async (t) => {
  const SPEEDS = [1, 2];
  const STEPS = [0, 1, 2, 3];
  const batch = noiseBatch('tone');
  // A tone in the place of every crop, long enough to be played twice as fast.
  const tone = (rows: number) =>
    Int16Array.from(
      { length: rows * 2 * SAMPLES },
      (_, i) => 8000 * Math.sin((2 * Math.PI * 1000 * (i % (2 * SAMPLES))) / 16000),
    );
  const tones = { ...batch, global: tone(2 * BATCH), local: tone(2 * BATCH) };
  /** The loudest bin of each crop, and their mean. */
  const peaks: PretrainParts['build'] = ({ scope }) => {
    const weight = scope('weight').param('value', [1], 1);
    return {
      trained: [weight],
      networks: {},
      loss({ global, local, batch: width }) {
        const loudest = tf.cast(tf.argMax(tf.mean(tf.concat([global, local!], 0), 1), 1), 'float32');
        const each = tf
          .split(loudest, 4 * width)
          .map((peak, row) => [`${row % width}/${Math.floor(row / width)}`, peak]);
        return {
          loss: tf.sum(tf.square(weight.read())),
          metrics: { ...Object.fromEntries(each), mean: tf.mean(loudest) },
          embeddings: tf.zeros([width, 4]),
        };
      },
    };
  };
  const heard = (accumulate: number) =>
    withSession(async (session) => {
      const more = {
        build: peaks,
        speeds: SPEEDS,
        accumulate,
        view: { features: { ...smallFeatures, cmn: false }, augmentations: [] },
      };
      const trainer = smallPretrainer(session, {}, more);
      const found: StepMetrics[] = [];
      for (const step of STEPS) found.push(await trainer.step(tones, step, { rate: 0 }));
      return found;
    });
  const steps = await heard(1);
  // Kaldi's mel scale: the bin whose centre lies nearest to the tone.
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);
  const binOf = (hertz: number) => Math.round(((mel(hertz) - mel(20)) / (mel(8000) - mel(20))) * (BINS + 1)) - 1;
  const expected = SPEEDS.map((speed) => binOf(1000 * speed));
  const voices = steps.flatMap((metrics) =>
    Array.from({ length: BATCH }, (_, utterance) => [0, 1, 2, 3].map((crop) => metrics[`${utterance}/${crop}`])),
  );
  for (const crops of voices) {
    t.is(new Set(crops).size, 1, 'one speed for all crops');
    t.true(expected.includes(crops[0]), `${crops[0]} is none of ${expected}`);
  }
  t.is(new Set(voices.map(([first]) => first)).size, 2, 'both speeds occur');
  const halves = await heard(2);
  t.deepEqual(
    halves.map(({ mean }) => mean),
    steps.map(({ mean }) => mean),
    'the same in micro-batches',
  );
});
