import test from 'ava';
import { createGateKeeper, type GatedEpoch, KEPT, REJECTED, UNSEEN } from '../../../src/train/gate/gate-keeper.js';

const known = (losses: Float32Array): number[] => [...losses].filter((loss) => !Number.isNaN(loss));

/** Keeps losses up to the mean of those known, and notes the epochs it was asked in and those that ended. */
function meanGate(utterances: number, fromEpoch: number) {
  const asked: number[] = [];
  const ended: GatedEpoch[] = [];
  const keeper = createGateKeeper({
    utterances,
    fromEpoch,
    decide(losses, epoch) {
      asked.push(epoch);
      const values = known(losses);
      const threshold = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { threshold, components: { values: values.length, epoch } };
    },
    ended: (epoch) => ended.push({ ...epoch, losses: epoch.losses.slice(), decisions: epoch.decisions.slice() }),
  });
  const record = (utterances: number[], losses: number[], decisions = losses.map(() => KEPT)) =>
    keeper.record(Int32Array.from(utterances), Float32Array.from(losses), Int32Array.from(decisions));
  return { keeper, asked, ended, record };
}

test('it remembers the last loss and decision of each utterance', (t) => {
  const { keeper, record } = meanGate(4, 1);
  keeper.limit(0);
  record([2, 0], [5, 7], [KEPT, REJECTED]);
  record([2], [1], [3]);
  const { losses, decisions } = keeper.finish()!;
  t.deepEqual([...losses], [7, Number.NaN, 1, Number.NaN]);
  t.deepEqual([...decisions], [REJECTED, UNSEEN, 3, UNSEEN]);
});

test('it keeps all before its epoch, then decides once an epoch', (t) => {
  const { keeper, asked, ended, record } = meanGate(2, 2);
  t.is(keeper.limit(0), Number.POSITIVE_INFINITY);
  record([0, 1], [1, 2]);
  t.is(keeper.limit(1), Number.POSITIVE_INFINITY);
  t.is(keeper.limit(2), 1.5);
  record([0, 1], [3, 6]);
  t.is(keeper.limit(2), 1.5, 'losses of this epoch count in the next');
  t.is(keeper.limit(3), 4.5);
  t.is(keeper.limit(3), 4.5);
  t.deepEqual(asked, [2, 3]);
  keeper.finish();
  t.deepEqual(
    ended.map(({ epoch, threshold, components }) => [epoch, threshold, components?.epoch]),
    [
      [0, Number.POSITIVE_INFINITY, undefined],
      [1, Number.POSITIVE_INFINITY, undefined],
      [2, 1.5, 2],
      [3, 4.5, 3],
    ],
  );
  t.deepEqual([...ended[2].losses], [3, 6]);
});

test('without a step no epoch ends', (t) => {
  const { keeper, ended } = meanGate(2, 2);
  t.is(keeper.finish(), null);
  t.deepEqual(ended, []);
});

test('a restored one goes on as if nothing had happened', (t) => {
  const undisturbed = meanGate(3, 1);
  const run = ({ keeper, record }: typeof undisturbed, epoch: number) => {
    const limit = keeper.limit(epoch);
    record([epoch % 3, (epoch + 1) % 3], [epoch + 0.1, 0.3], [KEPT, epoch]);
    return limit;
  };
  // Two steps an epoch; breaks in the middle of epoch 2, after its decision, and at its end.
  const epochs = [0, 0, 1, 1, 2, 2, 3, 3, 4];
  const expected = epochs.map((epoch) => run(undisturbed, epoch));
  const last = undisturbed.keeper.finish();

  for (const stop of [5, 6]) {
    const first = meanGate(3, 1);
    const found = epochs.slice(0, stop).map((epoch) => run(first, epoch));
    const state = first.keeper.state();
    run(first, 2); // does not reach into what was saved
    const second = meanGate(3, 1);
    second.keeper.restore(state);
    found.push(...epochs.slice(stop).map((epoch) => run(second, epoch)));
    t.deepEqual(found, expected);
    t.deepEqual(second.keeper.finish(), last);
    t.deepEqual([...first.asked, ...second.asked], undisturbed.asked);
    t.deepEqual([...first.ended, ...second.ended], undisturbed.ended);
  }
});

test('a gate that was never asked is restored open', (t) => {
  const fresh = meanGate(2, 3);
  const restored = meanGate(2, 3);
  restored.keeper.restore(fresh.keeper.state());
  t.is(restored.keeper.limit(2), Number.POSITIVE_INFINITY);
  t.is(restored.keeper.finish()!.components, undefined);
});
