/**
 * Runs the engine's ops, forward and backward, over odd shapes and compares them with plain loops. Run it under glibc's malloc
 * checker, which aborts on a write past a buffer (test/engine/fuzz.test.ts does):
 *
 *   GLIBC_TUNABLES=glibc.malloc.check=3 LD_PRELOAD=libc_malloc_debug.so.0 node dist/bench/fuzz/fuzz-ops.js 300 1
 *
 * Arguments: number of cases, seed, and as options --from (first case, to replay one), --compute bfloat16, --threads (kernels
 * share work out by their number, so more threads than cores find faults of larger machines).
 * Standard error names each case before it runs; standard output ends with one line of JSON. Exit code 1 on a difference.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toFloat32 } from '../../src/engine/raw.js';
import { openSession, type Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { createRng } from '../../src/random.js';
import { createDraw, type Draw, type Expected, type FuzzCase, numbersOf } from './case.js';
import { conv2dCase, convBiasReluCase } from './conv2d.js';
import { gatherCase, moveCase } from './layout.js';
import { activationCase, batchNormCase, batchNormInferenceCase } from './normalise.js';
import { crossEntropyCase, denseCase, matMulCase, softmaxCase } from './products.js';
import { broadcastCase, reduceCase } from './reduce.js';

/** Every kind of case and its share of the draws; convolutions have the most code paths underneath. */
const KINDS: readonly (readonly [number, (draw: Draw) => FuzzCase])[] = [
  [10, conv2dCase],
  [2, convBiasReluCase],
  [3, batchNormCase],
  [1, batchNormInferenceCase],
  [2, activationCase],
  [3, matMulCase],
  [1, denseCase],
  [2, crossEntropyCase],
  [1, softmaxCase],
  [3, moveCase],
  [1, gatherCase],
  [2, reduceCase],
  [1, broadcastCase],
];

/** A graph is copied whenever a function is first run, so a session takes few cases. */
const CASES_PER_SESSION = 20;
// Processors without AVX-512 round partial sums to bfloat16: 3.3e-2 was seen there, 1.5e-2 elsewhere. A wrong element is off by its whole scale.
const TOLERANCE = { float32: 3e-5, bfloat16: 5e-2 };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '0' },
    compute: { type: 'string', default: 'float32' },
    threads: { type: 'string', default: '0' },
  },
});
const cases = Number(positionals[0] ?? 300);
const seed = Number(positionals[1] ?? 1);
const threads = Number(values.threads);
const compute = values.compute === 'bfloat16' ? 'bfloat16' : 'float32';

const kinds = KINDS.flatMap(([share, kind]) => Array.from({ length: share }, () => kind));

async function differencesOf(session: Session, { label, inputs, build, expected }: FuzzCase): Promise<string[]> {
  // A bfloat16 result leaves the graph as bits; widened inside, it is plain numbers.
  const widened = (tensors: Record<string, Tensor>) =>
    Object.fromEntries(Object.entries(build(tensors)).map(([name, tensor]) => [name, toFloat32(tensor)]));
  const outputs = await session.compile(label, widened)(inputs);
  return Object.entries(expected()).flatMap(([name, want]) => {
    const worst = largestError(numbersOf(outputs[name]), want);
    return worst <= TOLERANCE[compute] ? [] : [`${name} of ${label} is off by ${worst} of its scale`];
  });
}

/** The largest error relative to the scale; infinite when lengths differ or a value is not a number. */
function largestError(got: ArrayLike<number>, { values: want, scale = 0 }: Expected): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, Math.max(scale, 1e-3)];
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    largest = Math.max(largest, Math.abs(want[i]));
  }
  return worst / largest;
}

const differences: string[] = [];
const from = Number(values.from);
for (let first = from; first < from + cases; first += CASES_PER_SESSION) {
  const session = openSession({ device: 'cpu', seed, compute, threads });
  for (let i = first; i < Math.min(first + CASES_PER_SESSION, from + cases); i++) {
    const draw = createDraw(createRng(seed).fork(i), compute);
    const fuzzCase = draw.pick(kinds)(draw);
    console.error(`${i} ${fuzzCase.label}`);
    const found = await differencesOf(session, fuzzCase);
    for (const difference of found) console.error(`DIFFERENCE ${difference}`);
    differences.push(...found);
  }
  await session.close();
}

const mallocChecker = process.platform === 'linux' && /malloc_debug/.test(readFileSync('/proc/self/maps', 'utf8'));
console.log(JSON.stringify({ cases, seed, compute, threads, mallocChecker, differences }));
process.exitCode = differences.length > 0 ? 1 : 0;
