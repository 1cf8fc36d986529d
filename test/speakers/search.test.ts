import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import type { SpeakerSearch } from '../../src/speakers/centroids.js';
import { addToStore, type Enrolment, removeFromStore } from '../../src/speakers/change-store.js';
import { openSearch } from '../../src/speakers/search.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { enrolmentOf, kindOf, SIZE, unitOf } from './units.js';

const { model } = kindOf();
const several = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => enrolmentOf(`s${from + i}`, '1', ...(i % 3 === 0 ? ['2'] : [])));

/** Names by cosine to the normalised mean, all compared. */
function naive(enrolments: readonly Enrolment[], query: Float32Array, count: number) {
  const vectors = new Map<string, number[][]>();
  for (const { speaker, utterances } of enrolments) {
    vectors.set(speaker, [...(vectors.get(speaker) ?? []), ...utterances.map(({ vector }) => [...vector])]);
  }
  const scored = [...vectors].map(([speaker, rows]) => {
    const sum = rows.reduce(
      (total, row) => total.map((value, i) => value + row[i]),
      new Array(SIZE).fill(0) as number[],
    );
    const score = sum.reduce((total, value, i) => total + value * query[i], 0) / Math.hypot(...sum);
    return { speaker, score };
  });
  return scored.sort((a, b) => b.score - a.score).slice(0, count);
}

/** How many of the naive neighbours of 50 queries a search finds; all scores it gives must be right. */
function recall(search: SpeakerSearch, enrolments: readonly Enrolment[], count = 5): number {
  let found = 0;
  for (let i = 0; i < 50; i++) {
    const query = unitOf(`query ${i}`);
    const all = new Map(
      naive(enrolments, query, Number.POSITIVE_INFINITY).map(({ speaker, score }) => [speaker, score]),
    );
    const matches = search.find(query, count);
    const best = new Set([...all.keys()].slice(0, count));
    for (const [j, { speaker, score }] of matches.entries()) {
      if (Math.abs(score - all.get(speaker)!) > 1e-5) throw new Error(`${speaker}: ${score}, not ${all.get(speaker)}`);
      if (j > 0 && score > matches[j - 1].score) throw new Error('not in order');
      if (best.has(speaker)) found++;
    }
  }
  return found / (50 * count);
}

const indices = (dir: string) => readdirSync(dir).filter((name) => name.endsWith('.hnsw'));

test('exact search finds what comparing all gives; few speakers, equal ones, all of them', async (t) => {
  const dir = join(temporaryFolder(t), 's');
  const enrolments = several(0, 60);
  await addToStore(dir, kindOf(), enrolments);
  const search = await openSearch(dir, model);
  t.deepEqual([search.exact, search.speakers], [true, 60]);
  t.is(recall(search, enrolments), 1);
  t.is(search.find(unitOf('q'), 100).length, 60);
  t.deepEqual(indices(dir), [], 'no index below 50,000');
  const twins = join(temporaryFolder(t), 's');
  const vector = unitOf('same');
  const twin = (speaker: string) => ({ speaker, utterances: [{ file: 'f', seconds: 1, soundSeconds: 1, vector }] });
  await addToStore(twins, kindOf(), [twin('first'), twin('second'), twin('third')]);
  t.deepEqual(
    (await openSearch(twins, model)).find(vector, 2).map(({ speaker }) => speaker),
    ['first', 'second'],
  );
});

test('an index is built once, serves later speakers too, and is built again when it is stale or broken', async (t) => {
  const dir = join(temporaryFolder(t), 's');
  let enrolments = several(0, 300);
  await addToStore(dir, kindOf(), enrolments);
  const lines: string[] = [];
  const open = () => openSearch(dir, model, { search: 'hnsw', log: (line) => lines.push(line) });
  const first = await open();
  t.deepEqual([first.exact, lines.length], [false, 1]);
  t.true(recall(first, enrolments) >= 0.99);
  const [index] = indices(dir);

  const again = await open();
  t.is(lines.length, 1, 'the index of the first time serves');
  t.true(recall(again, enrolments) >= 0.99);

  const later = [...several(300, 320), enrolmentOf('s7', 'new')];
  await addToStore(dir, kindOf(), later);
  enrolments = [...enrolments, ...later];
  t.true(recall(await open(), enrolments) >= 0.99);
  t.deepEqual([indices(dir), lines.length], [[index], 1], 'some late speakers are compared one by one');

  truncateSync(join(dir, index), statSync(join(dir, index)).size >> 1);
  t.true(recall(await open(), enrolments) >= 0.99);
  t.regex(lines[1], /cannot be read/);
  t.is(indices(dir).length, 1);
  t.not(indices(dir)[0], index);

  await removeFromStore(dir, ['s7', 's8']);
  t.deepEqual(indices(dir), []);
  const left = await open();
  t.is(left.speakers, 318);
  t.true(
    recall(
      left,
      enrolments.filter(({ speaker }) => speaker !== 's7' && speaker !== 's8'),
    ) >= 0.99,
  );
});

test('an empty store, and one of another model, are refused', async (t) => {
  const dir = join(temporaryFolder(t), 's');
  await addToStore(dir, kindOf(), [enrolmentOf('a', '1')]);
  await t.throwsAsync(openSearch(dir, kindOf('two').model), { instanceOf: UserError, message: /'one'.*'two'/ });
  await removeFromStore(dir, ['a']);
  await t.throwsAsync(openSearch(dir, model), { instanceOf: UserError, message: /is empty/ });
});

test('recordings of a speaker that cancel out are named', async (t) => {
  const dir = join(temporaryFolder(t), 's');
  const vector = unitOf('x');
  const about = { seconds: 1, soundSeconds: 1 };
  const opposite = vector.map((value) => -value);
  const utterances = [
    { ...about, file: 'a', vector },
    { ...about, file: 'b', vector: opposite },
  ];
  await addToStore(dir, kindOf(), [{ speaker: 'nobody', utterances }]);
  await t.throwsAsync(openSearch(dir, model), { instanceOf: UserError, message: /nobody cancel each other out/ });
});
