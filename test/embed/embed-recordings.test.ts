import { join } from 'node:path';
import test from 'ava';
import {
  type EmbedOptions,
  type EmbedOutcome,
  embedRecordings,
  type Recording,
} from '../../src/embed/embed-recordings.js';
import type { Extractor } from '../../src/embed/extractor.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { voice } from '../helpers/corpora/voices.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** An extractor whose vector of a piece is its number of samples and its first one; it counts what it is given at a time. */
function countingExtractor() {
  const batches: { rows: number; samples: number }[] = [];
  const extractor: Extractor = {
    size: 2,
    async run({ indices, rows, samples, pcm, lengths }) {
      batches.push({ rows, samples });
      return Float32Array.from({ length: indices.length * 2 }, (_, i) => {
        const row = i >> 1;
        return i % 2 === 0 ? lengths[row] : pcm[row * samples];
      });
    },
  };
  return { extractor, batches };
}

async function outcomesOf(recordings: Recording[], extractor: Extractor, options: EmbedOptions = {}) {
  const outcomes: EmbedOutcome[] = [];
  for await (const outcome of embedRecordings(recordings, extractor, options)) outcomes.push(outcome);
  return outcomes;
}

const recordingsIn = (dir: string, lengths: readonly number[]) =>
  lengths.map((length, i) => {
    const path = join(dir, `${i}.wav`);
    writeWav16(path, voice(i, length), 16000);
    return { name: `voice ${i}`, path };
  });

test('many recordings come in order, decoded in threads; bad ones in their places with a reason', async (t) => {
  const dir = temporaryFolder(t, { 'text.wav': 'not audio' });
  const lengths = Array.from({ length: 140 }, (_, i) => 1600 + 37 * ((i * 61) % 140));
  const recordings = recordingsIn(dir, lengths);
  recordings[33] = { name: 'text', path: join(dir, 'text.wav') };
  recordings[139] = { name: 'gone', path: join(dir, 'gone.wav') };
  const progress: number[] = [];
  const outcomes = await outcomesOf(recordings, countingExtractor().extractor, {
    progress: (done) => progress.push(done),
  });
  t.deepEqual(
    outcomes.map(({ recording }) => recording),
    recordings,
  );
  for (const [i, outcome] of outcomes.entries()) {
    if (i === 33 || i === 139) t.true('reason' in outcome && outcome.reason.includes(recordings[i].path));
    else t.is('parts' in outcome ? outcome.parts[0].vector[0] : -1, lengths[i]);
  }
  t.is(progress.at(-1), 140);
});

test('windows: starts, durations and samples are those of the recording; no batch pads a full window', async (t) => {
  const dir = temporaryFolder(t);
  const [recording] = recordingsIn(dir, [3 * 16000 + 100]);
  const { extractor, batches } = countingExtractor();
  const windows = { windowSeconds: 1.3, hopSeconds: 0.65 };
  const [outcome] = await outcomesOf([recording], extractor, { windows });
  if ('reason' in outcome) return t.fail(outcome.reason);
  const samples = voice(0, 48100);
  const starts = [0, 10400, 20800, 48100 - 20800];
  t.deepEqual(
    outcome.parts.map(({ startSeconds }) => startSeconds),
    starts.map((start) => start / 16000),
  );
  for (const [i, { seconds, vector }] of outcome.parts.entries()) {
    t.is(seconds, 1.3);
    t.is(vector[0], 20800);
    t.true(Math.abs(vector[1] - 32768 * samples[starts[i]]) <= 1);
  }
  t.is(outcome.seconds, 48100 / 16000);
  t.deepEqual([...new Set(batches.map((batch) => batch.samples))], [20800]);
});

test('sound is measured where asked; a recording over two minutes is embedded whole, in equal parts that are averaged', async (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'half.wav');
  const half = new Float32Array(32000);
  half.set(voice(1, 16000), 8000);
  writeWav16(path, half, 16000);
  const [outcome] = await outcomesOf([{ name: 'half', path }], countingExtractor().extractor, { measureSound: true });
  const sound = 'parts' in outcome ? outcome.soundSeconds! : -1;
  t.true(sound > 0.95 && sound < 1.3, String(sound));
  const [long] = recordingsIn(dir, [125 * 16000]);
  const { extractor, batches } = countingExtractor();
  const [found] = await outcomesOf([long], extractor);
  t.deepEqual('parts' in found && [found.seconds, found.parts[0].seconds, found.soundSeconds], [125, 125, null]);
  const samples = voice(0, 125 * 16000);
  const firsts = [0, 62.5 * 16000].map((start) => Math.round(32768 * samples[start]));
  t.deepEqual('parts' in found && [...found.parts[0].vector], [62.5 * 16000, (firsts[0] + firsts[1]) / 2]);
  t.true(batches.every((batch) => batch.rows * batch.samples < 120 * 16000));
});

test('an embedding that is not finite is a reason, not a result', async (t) => {
  const dir = temporaryFolder(t);
  const recordings = recordingsIn(dir, [4000, 8000]);
  const { extractor } = countingExtractor();
  const broken: Extractor = {
    size: 2,
    async run(batch) {
      const vectors = await extractor.run(batch);
      return vectors.map((value) => (value === 8000 ? Number.NaN : value));
    },
  };
  const outcomes = await outcomesOf(recordings, broken);
  t.true('parts' in outcomes[0]);
  t.regex(
    'reason' in outcomes[1] ? outcomes[1].reason : '',
    /1\.wav: the embedding that the model gives is not finite/,
  );
});

test('an error that is no fault of the recording ends the work, and a signal stops it', async (t) => {
  const dir = temporaryFolder(t);
  const recordings = recordingsIn(dir, [4000, 8000]);
  const failing: Extractor = { size: 2, run: async () => Promise.reject(new Error('out of memory')) };
  await t.throwsAsync(outcomesOf(recordings, failing), { message: 'out of memory' });
  await t.throwsAsync(
    outcomesOf(recordings, countingExtractor().extractor, { signal: AbortSignal.abort(new Error('stop')) }),
    {
      message: 'stop',
    },
  );
  t.deepEqual(await outcomesOf([], countingExtractor().extractor), []);
});
