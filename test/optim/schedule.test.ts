import test from 'ava';
import fc from 'fast-check';
import { cosineRamp, learningRate, linearRamp, scheduleOptions } from '../../src/optim/schedule.js';
import { close } from '../helpers/close.js';

const rates = (fields: Record<string, unknown>, steps: number, at: number[]): number[] => {
  const options = scheduleOptions.parse(fields);
  return at.map((step) => learningRate(options, step, steps));
};

test('a constant rate after a linear warm-up that ends at the peak', (t) => {
  const found = rates({ kind: 'constant', peak: 0.4, warmup: 0.1 }, 40, [0, 1, 2, 3, 4, 20, 39]);
  close(t, found, [0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4], 1e-12);
});

test('half a cosine from peak to final', (t) => {
  const found = rates({ peak: 1, final: 0.2 }, 100, [0, 25, 50, 75, 100]);
  const half = Math.SQRT1_2;
  close(t, found, [1, 0.2 + 0.4 * (1 + half), 0.6, 0.2 + 0.4 * (1 - half), 0.2], 1e-12);
  // 20 steps of warm-up leave 80 for the cosine.
  close(t, rates({ peak: 1, warmup: 0.2 }, 100, [0, 19, 20, 60, 100]), [0.05, 1, 1, 0.5, 0], 1e-12);
});

test('an exponential decay', (t) => {
  const options = { kind: 'exponential', peak: 0.1, final: 0.001 };
  close(t, rates(options, 100, [0, 25, 50, 100]), [0.1, 0.1 / Math.sqrt(10), 0.01, 0.001], 1e-12);
  close(t, rates({ ...options, warmup: 0.5 }, 100, [49, 50, 75, 100]), [0.1, 0.1, 0.01, 0.001], 1e-12);
  t.regex(scheduleOptions.safeParse({ kind: 'exponential', peak: 0.1 }).error!.message, /above 0/);
});

test('drops at milestones of the whole run, down to a least rate', (t) => {
  const options = { kind: 'step', peak: 1, milestones: [0.6, 0.85] };
  close(t, rates(options, 100, [0, 59, 60, 84, 85, 99]), [1, 1, 0.1, 0.1, 0.01, 0.01], 1e-12);
  close(t, rates({ ...options, factor: 0.5, final: 0.3 }, 100, [59, 60, 85]), [1, 0.5, 0.3], 1e-12);
  // Milestones are where they were, however long the warm-up.
  close(t, rates({ ...options, warmup: 0.5 }, 100, [0, 49, 50, 59, 60]), [0.02, 1, 1, 1, 0.1], 1e-12);
});

test('cycles, each half as high as the one before', (t) => {
  const options = { kind: 'cyclic', peak: 1.01, final: 0.01, cycles: 3 };
  const found = rates(options, 300, [0, 25, 50, 75, 100, 125, 150, 175, 200, 250, 300]);
  close(t, found, [0.01, 0.51, 1.01, 0.51, 0.01, 0.26, 0.51, 0.26, 0.01, 0.26, 0.01], 1e-12);
  // The formula of Smith (2017) and its triangular2, with step_size = half a cycle.
  const steps = 210;
  const half = steps / 3 / 2;
  for (let step = 0; step < steps; step++) {
    const cycle = Math.floor(1 + step / (2 * half));
    const x = Math.abs(step / half - 2 * cycle + 1);
    close(t, rates(options, steps, [step]), [0.01 + Math.max(0, 1 - x) / 2 ** (cycle - 1)], 1e-9);
  }
  close(t, rates({ kind: 'cyclic', peak: 1 }, 10, [0, 5, 10]), [0, 1, 0], 1e-12);
});

test('options that a schedule cannot work with, or has no use for', (t) => {
  const refuse = (fields: Record<string, unknown>, message: RegExp) =>
    t.regex(scheduleOptions.safeParse({ peak: 0.1, ...fields }).error!.message, message);
  refuse({ kind: 'step' }, /is missing: kind: step needs the shares/);
  refuse({ kind: 'step', milestones: [0.5, 0.5] }, /must rise/);
  refuse({ kind: 'cosine', milestones: [0.5] }, /has no effect with kind: cosine/);
  refuse({ kind: 'constant', factor: 0.5 }, /factor/);
  refuse({ cycles: 2 }, /cycles/);
  refuse({ kind: 'cyclic', final: 0.1 }, /below the peak/);
  t.is(scheduleOptions.parse({ peak: 0.1 }).kind, 'cosine');
});

test('a schedule of warm-up only, and of a single step', (t) => {
  close(t, rates({ peak: 1, warmup: 1 }, 4, [0, 1, 2, 3]), [0.25, 0.5, 0.75, 1], 1e-12);
  close(t, rates({ peak: 1 }, 1, [0]), [1], 1e-12);
});

test('a rate is never above the peak, nor below zero, and a cosine falls', (t) => {
  const kinds = fc.constantFrom('constant', 'cosine', 'exponential');
  const property = fc.property(
    kinds,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 1, max: 3000 }),
    fc.nat(),
    (kind, warmup, steps, place) => {
      const step = place % steps;
      const [now, next] = rates({ kind, peak: 0.3, ...(kind !== 'constant' && { final: 0.01 }), warmup }, steps, [
        step,
        step + 1,
      ]);
      const warm = Math.round(warmup * steps);
      return now > 0 && now <= 0.3 + 1e-12 && (step < warm || next <= now);
    },
  );
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});

test('ramps are clamped', (t) => {
  t.deepEqual(
    [-1, 0, 0.5, 1, 2].map((progress) => linearRamp(2, 4, progress)),
    [2, 2, 3, 4, 4],
  );
  close(
    t,
    [-1, 0, 0.5, 1, 2].map((progress) => cosineRamp(2, 4, progress)),
    [2, 2, 3, 4, 4],
    1e-12,
  );
});
