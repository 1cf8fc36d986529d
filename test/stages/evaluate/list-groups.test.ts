import test from 'ava';
import type { Utterance } from '../../../src/data/manifest.js';
import { eerOf } from '../../../src/eval/detection/eer.js';
import type { TestList } from '../../../src/stages/artifacts/corpus-data.js';
import { figuresByGroup } from '../../../src/stages/evaluate/list-groups.js';
import { stubShards } from '../../helpers/corpora/shard-set.js';

/** Speakers a (f), b (f), c (m), d (nobody knows); u0 to u7, two each; `ab` is enrolled by u0 and u1. */
const FACTS: [speaker: string, gender: string | null, language: string | null, seconds: number][] = [
  ['a', 'f', 'de', 1.5],
  ['a', 'f', 'de', 1],
  ['b', 'f', 'de', 6],
  ['b', 'f', 'en', 3],
  ['c', 'm', 'en', 12],
  ['c', 'm', 'en', 11],
  ['d', null, 'de', 7],
  ['d', null, 'de', 5],
];

const utterances = FACTS.map(
  ([speaker, gender, language, seconds], i): Utterance => ({
    id: `utt-${i}`,
    path: `u${i}.wav`,
    speaker,
    split: 'test',
    seconds,
    language,
    gender,
  }),
);
const speakerOf = (name: string) => (name === 'a-model' ? 'a' : FACTS[Number(name[1])][0]);

async function listOf(t: Parameters<typeof stubShards>[0], names: readonly string[]): Promise<TestList> {
  const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b]));
  return {
    name: 'made up',
    shards: await stubShards(
      t,
      FACTS.map(([, , , seconds]) => seconds * 16000),
    ),
    trials: pairs.map(([enrolment, test]) => ({ enrolment, test, target: speakerOf(enrolment) === speakerOf(test) })),
    paths: [...utterances.map(({ path }) => path), 'a-model'],
    speakers: new Map(),
    models: [{ name: 'a-model', utterances: [0, 1] }],
  };
}

test('trials are grouped by what both sides share and by the shorter side, as counted one by one', async (t) => {
  const list = await listOf(t, ['a-model', ...utterances.map(({ path }) => path)]);
  const scores = Float32Array.from(list.trials, ({ target }, i) => Math.sin(7 * i) + (target ? 0.5 : 0));
  const groups = figuresByGroup({ dir: '', utterances }, list, scores);
  const fact = (name: string) => (name === 'a-model' ? (['a', 'f', 'de', 2.5] as const) : FACTS[Number(name[1])]);
  const both = (column: 1 | 2) => (one: string, other: string) => {
    const [x, y] = [fact(one)[column], fact(other)[column]];
    if (x === null || y === null) return 'unknown';
    return x === y ? x : 'mixed';
  };
  const shorter = (one: string, other: string) => {
    const seconds = Math.min(fact(one)[3], fact(other)[3]);
    if (seconds < 2) return '< 2 s';
    return seconds < 5 ? '2-5 s' : seconds < 10 ? '5-10 s' : '>= 10 s';
  };
  for (const [by, groupOf] of Object.entries({ gender: both(1), language: both(2), duration: shorter })) {
    const names = list.trials.map(({ enrolment, test }) => groupOf(enrolment, test));
    t.deepEqual(Object.keys(groups[by]).sort(), [...new Set(names)].sort(), by);
    for (const [name, found] of Object.entries(groups[by])) {
      const kept = [...names.keys()].filter((i) => names[i] === name);
      const labels = kept.map((i) => Number(list.trials[i].target));
      const targets = labels.filter(Boolean).length;
      const ofScores = kept.map((i) => scores[i]);
      const eer = targets > 0 && targets < kept.length ? eerOf(ofScores, labels) : null;
      t.deepEqual(found, { trials: kept.length, targets, eer }, `${by} ${name}`);
    }
  }
  t.is(groups.gender.m.eer, null, 'one pair of one speaker has no EER');
});

test('an attribute that nobody knows, or that all share, is left out', async (t) => {
  const list = await listOf(t, ['u4.wav', 'u5.wav']);
  const nameless = utterances.map((one) => ({ ...one, gender: null }));
  t.deepEqual(figuresByGroup({ dir: '', utterances: nameless }, list, Float32Array.of(1)), {});
});
