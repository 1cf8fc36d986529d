/**
 * Seconds of one thread for cosine scores of many trials, and for the cohort statistics of AS-norm, which are most of a scoring at scale.
 *
 *   npm run build && node dist/bench/speed/cohort.js [--trials 1000000] [--utterances 20000] [--rows 2000] [--cohort 6000] [--size 256] [--top 300]
 *
 * Vectors are drawn. Statistics are computed for --rows of the utterances; their time grows with the number of different utterances in the
 * trials, and with the cohort, not with the trials.
 */
import { parseArgs } from 'node:util';
import { cohortStatistics } from '../../src/eval/backend/cohort-statistics.js';
import { scoreTrials } from '../../src/eval/cosine-scoring.js';
import { createRng } from '../../src/random.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '1000000' },
    utterances: { type: 'string', default: '20000' },
    rows: { type: 'string', default: '2000' },
    cohort: { type: 'string', default: '6000' },
    size: { type: 'string', default: '256' },
    top: { type: 'string', default: '300' },
  },
});
const [utterances, trials, rows] = [Number(values.utterances), Number(values.trials), Number(values.rows)];
const [cohort, size, top] = [Number(values.cohort), Number(values.size), Number(values.top)];
const rng = createRng('cohort');
const draw = () => Float32Array.from({ length: size }, () => rng.normal());

/** Processor seconds of this process, all threads. */
function timed<T>(title: string, act: () => T): T {
  const [from, before] = [performance.now(), process.cpuUsage()];
  const result = act();
  const { user, system } = process.cpuUsage(before);
  const wall = (performance.now() - from) / 1000;
  console.log(`${title}: ${((user + system) / 1e6).toFixed(1)} s of processor time, ${wall.toFixed(1)} s`);
  return result;
}

const embeddings = new Map(Array.from({ length: utterances }, (_, i) => [`u${i}`, draw()]));
const pairs = Array.from({ length: trials }, () => ({
  enrolment: `u${rng.int(utterances)}`,
  test: `u${rng.int(utterances)}`,
  target: false,
}));
timed(`${trials} cosine trials of ${utterances} utterances`, () => scoreTrials(embeddings, pairs));
const speakers = Array.from({ length: cohort }, () => Float64Array.from(draw()));
const some = Array.from({ length: rows }, () => Float64Array.from(draw()));
timed(`statistics of ${rows} utterances by ${cohort} speakers, top ${top}`, () =>
  cohortStatistics(rows, (i) => some[i], { rows: speakers, top }),
);
