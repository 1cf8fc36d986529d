import test, { type ExecutionContext } from 'ava';
import type { RowChange } from '../../src/audio/augment/choice.js';
import type { FeatureDefinition } from '../../src/audio/features/feature-definition.js';
import { readUtterance, type ShardSet } from '../../src/data/shards/shards.js';
import {
  createExtractor,
  extractAll,
  openModelExtractor,
  planExtraction,
  saveWeights,
} from '../../src/embed/extract.js';
import { type Extractor, placeRows } from '../../src/embed/extractor.js';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { random } from '../../src/engine/random.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { voiceShards } from '../helpers/corpora/voices.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING, smallBackbone, smallFeatures, smallTdnn } from '../helpers/training/small-training.js';

// In no order; the third is shorter than a frame of 400 samples.
const LENGTHS = [9000, 16000, 300, 5000, 24000, 8100, 700];

async function network(session: Session) {
  const scope = createScope(session, 'network', 3);
  const backbone = smallBackbone(scope);
  await liveIn(session, scope);
  const open = (definition: FeatureDefinition) => createExtractor(session, definition, EMBEDDING, backbone.embed);
  return { scope, open };
}

/** Each utterance by itself, padded by nothing but what a frame needs. */
async function oneByOne(shards: ShardSet, extractor: Extractor): Promise<number[]> {
  const vectors: number[] = [];
  for (const index of shards.ids.keys()) {
    const audio = readUtterance(shards, index);
    const pcm = new Int16Array(Math.max(audio.length, 400));
    pcm.set(audio);
    const lengths = Int32Array.of(audio.length);
    const batch = { indices: Int32Array.of(0), samples: pcm.length, rows: 1, pcm, lengths };
    vectors.push(...(await extractor.run(batch)));
  }
  return vectors;
}

const shardsOf = (t: ExecutionContext): Promise<ShardSet> => voiceShards(temporaryFolder(t), LENGTHS);

for (const cmn of [true, false]) {
  test(`vectors come in the order of the shards, whatever they were batched with (cmn ${cmn})`, async (t) => {
    const shards = await shardsOf(t);
    await withSession(async (session) => {
      const extractor = (await network(session)).open({ ...smallFeatures, cmn });
      const expected = await oneByOne(shards, extractor);
      t.true(expected.every(Number.isFinite));
      t.is(new Set(expected).size, LENGTHS.length * EMBEDDING);
      const done: number[] = [];
      const all = await extractAll(shards, extractor, { progress: (count) => done.push(count) });
      close(t, all, expected, 1e-4);
      t.deepEqual([done.at(-1), done.every((count, i) => i === 0 || count > done[i - 1])], [LENGTHS.length, true]);
      close(
        t,
        await extractAll(shards, extractor, { bucket: { bucketsPerOctave: 1 } }),
        expected,
        1e-4,
        'long padding',
      );
    });
  });
}

test('an interrupt ends the extraction after a batch', async (t) => {
  const shards = await shardsOf(t);
  await withSession(async (session) => {
    const extractor = (await network(session)).open(smallFeatures);
    const stop = new AbortController();
    let batches = 0;
    const progress = () => {
      batches++;
      stop.abort(new Error('Ctrl-C'));
    };
    await t.throwsAsync(() => extractAll(shards, extractor, { progress, signal: stop.signal }), { message: 'Ctrl-C' });
    t.is(batches, 1);
  });
});

test('a model on disk embeds as the network it was saved from; another architecture is refused', async (t) => {
  const shards = await shardsOf(t);
  const dir = temporaryFolder(t);
  const expected = await withSession(async (session) => {
    const { scope, open } = await network(session);
    const info = {
      origin: 'test',
      backbone: { name: 'tdnn', options: {} },
      features: smallFeatures,
      embeddingSize: EMBEDDING,
    };
    writeModel(dir, info, await saveWeights(session, scope));
    return extractAll(shards, open(smallFeatures));
  });
  const model = readModel(dir);
  await withSession(async (session) => {
    const extractor = await openModelExtractor(session, model, smallBackbone);
    t.is(extractor.size, EMBEDDING);
    t.deepEqual(await extractAll(shards, extractor), expected);
  });
  await withSession(async (session) => {
    const other = openModelExtractor(session, model, await smallTdnn({ width: 9 }));
    const error = await t.throwsAsync(other, { instanceOf: UserError });
    t.true(error.message.startsWith(`${dir} belongs to another architecture: layer1/conv/weight is [1,5,16,8]`));
  });
});

test('augmentations change waveforms, drawn by the number of a batch and alike in each session', async (t) => {
  const shards = await shardsOf(t);
  const noisy = (rows: Tensor, name: string): Tensor => tf.add(rows, tf.mul(random.normal(rows.shape, name), 300));
  const runs = () =>
    withSession(async (session) => {
      const scope = createScope(session, 'network', 3);
      const backbone = smallBackbone(scope);
      await liveIn(session, scope);
      const open = (augmentations: RowChange[]) =>
        createExtractor(session, smallFeatures, EMBEDDING, backbone.embed, { augmentations });
      const augmenting = open([noisy]);
      const plain = await extractAll(shards, open([]));
      const first = await extractAll(shards, augmenting);
      const { batches, stretches, size, vectorsOf } = planExtraction(shards, augmenting, { firstDraw: 100 });
      const second = new Float32Array(stretches * size);
      let number = 0;
      for await (const vectors of vectorsOf(batches)) placeRows(vectors, batches[number++].indices, second, size);
      return { plain, first, second };
    });
  const { plain, first, second } = await runs();
  const apart = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  t.true(apart(plain, first) > 1e-3, `${apart(plain, first)}`);
  t.true(apart(first, second) > 1e-3, `${apart(first, second)}`);
  const again = await runs();
  close(t, again.first, first, 1e-5);
  close(t, again.second, second, 1e-5);
});
