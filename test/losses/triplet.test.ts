import test from 'ava';
import triplet from '../../src/losses/triplet.js';
import { close } from '../helpers/close.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { speakersOf, tripletLosses, unitOf } from '../helpers/oracles/speaker-losses.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { matrix, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const labels = Array.from({ length: 24 }, (_, i) => i);
/** Utterances of a speaker resemble each other somewhat, so that there are semi-hard negatives and none. */
const x = (utterances: number) => {
  const noise = rowsOf(normals(24 * SIZE, 'x'), SIZE);
  const own = rowsOf(normals(24 * SIZE, 'speakers', 1.2), SIZE);
  return matrix(noise.map((row, i) => row.map((value, d) => value + own[Math.floor(i / utterances)][d])));
};

for (const negatives of ['random', 'semi-hard', 'hardest'] as const)
  for (const utterances of [2, 3])
    test(`${negatives} negatives with ${utterances} utterances a speaker agree with the formula`, async (t) => {
      await withSession(async (session) => {
        const options = { negatives, margin: 0.5, utterancesPerSpeaker: utterances };
        const unit = openLoss(session, triplet, options);
        const embeddings = x(utterances);
        const oracle = (margin: number, vectors: number[][]) =>
          tripletLosses(speakersOf(vectors, utterances), { negatives, margin });
        for (const share of [1, 0.4, 0]) {
          const result = await unit.run({ x: embeddings, labels, margin: share });
          const directions = rows(embeddings).map(unitOf);
          close(t, plain(result.losses), oracle(0.5 * share, directions), 1e-5, `margin share ${share}`);
          close(t, plain(result.plain), oracle(0, directions), 1e-5, 'plain');
        }
      });
      await withSession(async (session) => {
        const options = { negatives, margin: 0.5, utterancesPerSpeaker: utterances, unitLength: false };
        const { run } = openLoss(session, triplet, options);
        const embeddings = x(utterances);
        const expected = tripletLosses(speakersOf(rows(embeddings), utterances), { negatives, margin: 0.5 });
        t.true(expected.some((loss) => loss === 0) && expected.some((loss) => loss > 0));
        close(t, plain((await run({ x: embeddings, labels })).losses), expected, 1e-5, 'as they are');
      });
    });

test('the nearest of farther negatives, and the farthest where none is farther', async (t) => {
  await withSession(async (session) => {
    const { run } = openLoss(session, triplet, { margin: 0.5, unitLength: false });
    const at = (...values: number[]) => matrix(values.map((value) => [value, 0, 0, 0]));
    // Anchor 0 with its positive at 1: 0.5 is too near, 1.1 is semi-hard, 3 is easy.
    const { losses } = await run({ x: at(0, 1, 0.5, 1.1, 3, 3), labels: [0, 0, 1, 1, 2, 2] });
    close(t, plain(losses).slice(0, 1), [1 - 1.1 ** 2 + 0.5], 1e-5);
    // Everybody else lies between anchor and positive.
    const crowded = await run({ x: at(0, 9, 1, 1, 2, 2), labels: [0, 0, 1, 1, 2, 2] });
    close(t, plain(crowded.losses).slice(0, 1), [81 - 4 + 0.5], 1e-5);
  });
});
