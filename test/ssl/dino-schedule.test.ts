import test from 'ava';
import fc from 'fast-check';
import dino from '../../ssl/dino.js';
import { withSession } from '../helpers/session.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';

/** The schedule with these options. */
const scheduleOf = (overrides: Record<string, number> = {}) =>
  withSession((session) => {
    const options = dino.options.parse({ prototypes: 4, hiddenSize: 4, bottleneckSize: 4, ...overrides });
    return dino.build({ ...sslContext(session, 1, identityBackbone(3)), options }).schedule!;
  });

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

test('the published schedules, at a few points of a run of 1000 steps', async (t) => {
  const schedule = await scheduleOf();
  const at = (step: number) => schedule({ step, steps: 1000, epoch: step / 100 });
  const expected: [step: number, momentum: number, temperature: number, lastLayer: number][] = [
    [0, 0.996, 0.04, 0],
    [50, 1 - 0.002 * (1 + Math.cos(0.05 * Math.PI)), 0.0475, 0],
    [99, 1 - 0.002 * (1 + Math.cos(0.099 * Math.PI)), 0.05485, 0],
    [100, 1 - 0.002 * (1 + Math.cos(0.1 * Math.PI)), 0.055, 1],
    [200, 1 - 0.002 * (1 + Math.cos(0.2 * Math.PI)), 0.07, 1],
    [500, 0.998, 0.07, 1],
    [1000, 1, 0.07, 1],
  ];
  for (const [step, momentum, temperature, lastLayer] of expected) {
    const result = at(step);
    t.true(near(result.momentum, momentum), `momentum at ${step}: ${result.momentum}`);
    t.true(near(result.teacherTemperature, temperature), `temperature at ${step}: ${result.teacherTemperature}`);
    t.is(result.lastLayer, lastLayer);
  }
});

test('a fixed temperature, and a last layer that is never frozen', async (t) => {
  const fixed = { finalTeacherTemperature: 0.04, teacherTemperatureWarmup: 0, frozenEpochs: 0 };
  const schedule = await scheduleOf(fixed);
  for (const step of [0, 1, 5, 10]) {
    const { teacherTemperature, lastLayer } = schedule({ step, steps: 10, epoch: step });
    t.is(teacherTemperature, 0.04);
    t.is(lastLayer, 1);
  }
});

test('momentum and temperature never fall, and end where they should', async (t) => {
  const schedule = await scheduleOf({ emaMomentum: 0.9, teacherTemperatureWarmup: 0.5 });
  const property = fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(), (steps, place) => {
    const at = (step: number) => schedule({ step, steps, epoch: 0 });
    const [now, next, last] = [at(place % steps), at((place % steps) + 1), at(steps)];
    return (
      now.momentum >= 0.9 &&
      next.momentum >= now.momentum &&
      next.teacherTemperature >= now.teacherTemperature &&
      near(last.momentum, 1) &&
      near(last.teacherTemperature, 0.07)
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});
