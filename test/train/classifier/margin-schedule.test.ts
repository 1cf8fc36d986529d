import test from 'ava';
import fc from 'fast-check';
import {
  type MarginSchedule,
  marginFaults,
  marginScheduleOptions,
  marginShare,
} from '../../../src/train/classifier/margin-schedule.js';
import { close } from '../../helpers/close.js';

const rise = (options: Record<string, unknown>): MarginSchedule => marginScheduleOptions.parse(options);
const EPOCHS = [0, 19.9, 20, 25, 30, 35, 39.999, 40, 150];

test('without a schedule, all of the margin', (t) => {
  t.deepEqual(
    EPOCHS.map((epoch) => marginShare(undefined, epoch)),
    EPOCHS.map(() => 1),
  );
});

test("the exponential rise in closed form: WeSpeaker's 0 until epoch 20, all from epoch 40", (t) => {
  const found = EPOCHS.map((epoch) => marginShare(rise({ fromEpoch: 20, toEpoch: 40 }), epoch));
  // 1 - 1000^(-p): a quarter of the way is 1 - 1000^(-1/4), half of it 1 - 1 / sqrt(1000).
  const [quarter, half] = [1 - 1 / Math.sqrt(Math.sqrt(1000)), 1 - 1 / Math.sqrt(1000)];
  close(t, found, [0, 0, 0, quarter, half, 1 - 1 / (Math.sqrt(1000) * Math.sqrt(Math.sqrt(1000))), 0.999, 1, 1], 1e-6);
  // A third of the way has nine tenths of it.
  close(t, [marginShare(rise({ fromEpoch: 0, toEpoch: 3 }), 1)], [0.9], 1e-12);
});

test('a linear rise, and one that is a step', (t) => {
  const linear = rise({ fromEpoch: 7, toEpoch: 14, shape: 'linear' });
  close(
    t,
    [6, 7, 8.75, 10.5, 14].map((epoch) => marginShare(linear, epoch)),
    [0, 0, 0.25, 0.5, 1],
    1e-12,
  );
  const step = rise({ fromEpoch: 2, toEpoch: 2 });
  t.deepEqual(
    [0, 1.99, 2, 3].map((epoch) => marginShare(step, epoch)),
    [0, 0, 1, 1],
  );
});

test('a share is between 0 and 1 and never falls', (t) => {
  const epoch = fc.double({ min: 0, max: 100, noNaN: true });
  const shape = fc.constantFrom('exponential', 'linear');
  const property = fc.property(epoch, epoch, epoch, epoch, shape, (a, b, x, y, shape) => {
    const schedule = rise({ fromEpoch: Math.min(a, b), toEpoch: Math.max(a, b), shape });
    const [early, late] = [Math.min(x, y), Math.max(x, y)].map((at) => marginShare(schedule, at));
    return early >= 0 && early <= late && late <= 1;
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});

test('a margin that falls, or that never gets there, is a fault', (t) => {
  t.regex(marginFaults(rise({ fromEpoch: 5, toEpoch: 4 }), undefined)[0], /toEpoch: 4 is before fromEpoch \(5\)/);
  t.regex(marginFaults(rise({ fromEpoch: 5, toEpoch: 9 }), 8)[0], /toEpoch: 9 is after the end \(epochs: 8\)/);
  t.deepEqual(marginFaults(rise({ fromEpoch: 5, toEpoch: 9 }), 9), []);
  t.deepEqual(marginFaults(rise({ fromEpoch: 5, toEpoch: 9 }), undefined), []);
});
