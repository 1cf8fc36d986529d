import test from 'ava';
import { createRng } from '../../../src/random.js';
import { CAUSES, describeSuspicion } from '../../../src/train/guard/collapse-causes.js';
import { createCollapseGuard } from '../../../src/train/guard/collapse-guard.js';
import type { StepMetrics } from '../../../src/train/step/training-step.js';

const RUN = { size: 64, window: 5, grace: 20 };
const STEPS = 200;
const K = 1024;
const THEORY = 1 / Math.sqrt(RUN.size);

type Course = (step: number, noise: () => number) => Partial<StepMetrics>;

/** A run that learns, but for what a course says otherwise. */
function metricsOf(course: Course): StepMetrics[] {
  const rng = createRng('course');
  const noise = () => 0.02 * rng.normal();
  return Array.from({ length: STEPS }, (_, step) => ({
    loss: 6 * Math.exp(-step / 80) + noise(),
    embeddingStd: THEORY * (1 + noise()),
    effectiveRank: 12 + 10 * noise(),
    ...course(step, noise),
  }));
}

const prototypes = (teacher: number, student: number): Partial<StepMetrics> => ({
  outputs: K,
  teacherEntropy: teacher * Math.log(K),
  studentEntropy: student * Math.log(K),
});

/** What a guard says of a course: step and cause of everything that is fresh. */
function said(course: Course, run = RUN): string[] {
  const guard = createCollapseGuard(run);
  for (const [step, metrics] of metricsOf(course).entries()) guard.see(step, metrics);
  return guard.events.map(({ step, cause }) => `${step} ${cause}`);
}

test('nothing is said of healthy runs', (t) => {
  t.deepEqual(
    said(() => ({})),
    [],
  );
  t.deepEqual(
    said((step) => prototypes(0.7 - step / 500, 0.9 - step / 500)),
    [],
  );
  // A queue of noise is easy at first: the loss rises and falls.
  t.deepEqual(
    said((step) => ({ loss: 5 + Math.sin(step / 30) })),
    [],
  );
  // A short run that has learned from the first step on.
  t.deepEqual(
    said((step) => ({ loss: 5.2 - 0.08 * step + 0.03 * (step % 2) }), { ...RUN, grace: 5 }),
    [],
  );
  // Sharp targets alone are no collapse, as long as the student does not know them.
  t.deepEqual(
    said(() => prototypes(0.01, 0.4)),
    [],
  );
  // Uniform outputs while the run is young, as with a frozen last layer.
  t.deepEqual(
    said((step) => (step < 35 ? prototypes(1, 1) : prototypes(0.8, 0.9))),
    [],
  );
  // A network whose embeddings all point one way at first.
  t.deepEqual(
    said((step) => ({ embeddingStd: step < 35 ? 0.05 * THEORY : 0.8 * THEORY })),
    [],
  );
  // One bad step, or all but one of a window.
  t.deepEqual(
    said((step) => (step % 5 === 0 ? {} : { embeddingStd: 0, effectiveRank: 1 })),
    [],
  );
});

test('each cause is named, once, when all steps of a window show it', (t) => {
  const from = 60;
  const after = (bad: Partial<StepMetrics>, good: Partial<StepMetrics> = {}): Course => {
    return (step) => (step < from ? good : bad);
  };
  const healthy = prototypes(0.6, 0.8);
  t.deepEqual(said(after(prototypes(0.005, 0.01), healthy)), ['64 one-prototype']);
  t.deepEqual(said(after(prototypes(0.999, 0.999), healthy)), ['64 uniform-output']);
  t.deepEqual(said(after(prototypes(0.6, 0.999), healthy)), ['64 uniform-output']);
  t.deepEqual(said(after({ embeddingStd: 0.02 * THEORY })), ['64 constant-embedding']);
  t.deepEqual(said(after({ effectiveRank: 1.2 })), ['64 few-dimensions']);
});

test('never within the grace period; what takes its time has twice as long', (t) => {
  t.deepEqual(
    said((step) => ({ embeddingStd: step < 5 ? THEORY : 0 })),
    ['20 constant-embedding'],
  );
  t.deepEqual(
    said(() => prototypes(1, 1)),
    ['40 uniform-output'],
  );
  // From the start at zero: it may rise yet, until the longer time is over.
  t.deepEqual(
    said(() => ({ embeddingStd: 1e-3 })),
    ['40 constant-embedding'],
  );
  t.deepEqual(
    said((_, noise) => ({ loss: 5.545 + noise() })),
    ['40 flat-loss'],
  );
  t.deepEqual(
    said(() => ({ loss: 0 })),
    ['40 flat-loss'],
  );
  t.deepEqual(
    said(() => ({ effectiveRank: 1 }), { ...RUN, grace: STEPS }),
    [],
  );
});

test('a cause is told again after a recovery, not before', (t) => {
  const course: Course = (step) => ({ effectiveRank: (step > 50 && step < 80) || step > 120 ? 1 : 12 });
  t.deepEqual(said(course), ['55 few-dimensions', '125 few-dimensions']);
  // A single step between does not count as one.
  t.deepEqual(
    said((step) => ({ effectiveRank: step > 50 && step !== 70 ? 1 : 12 })),
    ['55 few-dimensions'],
  );
});

test('a rank that small embeddings cannot exceed is no sign', (t) => {
  t.deepEqual(
    said(() => ({ effectiveRank: 1.9 }), { ...RUN, size: 4 }),
    [],
  );
});

test('a guard goes on from its state as if it had not been stopped', (t) => {
  const course: Course = (step) => ({
    ...prototypes(step > 130 ? 0.001 : 0.5, step > 130 ? 0.001 : 0.7),
    effectiveRank: step > 70 ? 1 : 12,
    loss: 5 + 0.01 * Math.sin(step),
  });
  const lines = metricsOf(course);
  const whole = createCollapseGuard(RUN);
  const verdicts = lines.map((metrics, step) => whole.see(step, metrics));
  t.deepEqual(
    whole.events.map(({ step, cause }) => `${step} ${cause}`),
    ['40 flat-loss', '75 few-dimensions', '135 one-prototype'],
  );
  for (const stop of [0, 3, 39, 42, 73, 74, 75, 100, 134, STEPS]) {
    const first = createCollapseGuard(RUN);
    const early = lines.slice(0, stop).map((metrics, step) => first.see(step, metrics));
    const second = createCollapseGuard(RUN);
    second.restore(first.state());
    const late = lines.slice(stop).map((metrics, i) => second.see(stop + i, metrics));
    t.deepEqual([...early, ...late], verdicts, `stopped at ${stop}`);
    t.deepEqual(second.events, whole.events);
    t.deepEqual(second.state(), whole.state());
  }
  const fresh = createCollapseGuard(RUN);
  fresh.restore({});
  t.deepEqual(fresh.state(), createCollapseGuard(RUN).state());
});

test('going back keeps what was suspected and forgets what was seen since', (t) => {
  const lines = metricsOf((step) => ({ effectiveRank: step > 50 ? 1 : 12 }));
  const guard = createCollapseGuard(RUN);
  for (let step = 0; step < 40; step++) guard.see(step, lines[step]);
  const healthy = guard.state();
  for (let step = 40; step < 56; step++) guard.see(step, lines[step]);
  const [event] = guard.events;
  t.like(event, { step: 55, cause: 'few-dimensions', limit: 2 });
  guard.wentBack(event, 40, healthy);
  t.deepEqual(guard.events, [{ ...event, backTo: 40 }]);
  const { 'guard/events': events, ...seen } = guard.state();
  const { 'guard/events': before, ...unmoved } = healthy;
  t.deepEqual(seen, unmoved);
  t.deepEqual(
    [before.shape, events.shape],
    [
      [0, 5],
      [1, 5],
    ],
  );
  // The same again, at the same step.
  for (let step = 40; step < 56; step++) guard.see(step, lines[step]);
  guard.wentBack(guard.events[1], 40, healthy);
  t.deepEqual(guard.events, [
    { ...event, backTo: 40 },
    { ...event, backTo: 40 },
  ]);
  const resumed = createCollapseGuard(RUN);
  resumed.restore(guard.state());
  t.deepEqual(resumed.events, guard.events);
});

test('every cause has a sentence with its figures and a remedy', (t) => {
  for (const cause of CAUSES) {
    const sentence = describeSuspicion({ cause, value: 0.012345, limit: 6.93147 });
    t.regex(sentence, /0\.0123.*6\.93.*likely remedy: .*\.$/, cause);
  }
});
