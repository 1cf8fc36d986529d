import test from 'ava';
import { type Clip, type JoinedUtterance, joinClips } from '../../../../src/data/corpus/debian/join.js';

async function join(clips: Clip[], length: number): Promise<JoinedUtterance[]> {
  const source = (async function* () {
    yield* clips;
  })();
  const utterances: JoinedUtterance[] = [];
  for await (const utterance of joinClips(source, length)) utterances.push(utterance);
  return utterances;
}

const clip = (file: string, length: number, value = 0.5): Clip => ({
  file,
  samples: new Float32Array(length).fill(value),
});

test('clips lie end to end, a straddling one is named twice, the rest is dropped', async (t) => {
  const utterances = await join([clip('a', 700), clip('b', 500), clip('c', 1900)], 1000);
  t.deepEqual(
    utterances.map(({ files }) => files),
    [['a', 'b'], ['b', 'c'], ['c']],
  );
  for (const { samples } of utterances) t.is(samples.length, 1000);
});

test('each clip is faded at its own ends, not where it is cut', async (t) => {
  const given = clip('a', 2500);
  const [first, second] = await join([given, clip('b', 500)], 1000);
  t.true(first.samples[0] < 0.001 && first.samples[40] > 0.2 && first.samples[40] < 0.3);
  t.is(first.samples[80], 0.5);
  t.is(first.samples[999], 0.5);
  t.is(second.samples[0], 0.5);
  t.true(
    given.samples.every((value) => value === 0.5),
    'the clip itself stays as it was',
  );
});

test('no sample is lost or used twice', async (t) => {
  const lengths = [3, 1, 170, 999, 1000, 2001, 5];
  const utterances = await join(
    lengths.map((length, i) => clip(`${i}`, length)),
    100,
  );
  t.is(utterances.length, Math.floor(lengths.reduce((sum, n) => sum + n, 0) / 100));
});
