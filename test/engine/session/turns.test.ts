import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { allowTensorFloat32, tensorFloat32Allowed } from '../../../src/engine/graph/tensor-float-32.js';
import { openSession } from '../../../src/engine/session/session.js';
import { createTurns } from '../../../src/engine/session/turns.js';
import { tf } from '../../../src/engine/tf.js';

test('runs that want one setting go together; one that wants another waits for them, and those that come later for it', async (t) => {
  const events: string[] = [];
  const inTurn = createTurns((setting) => events.push(`set ${setting}`));
  const ends = new Map<string, () => void>();
  const run = (name: string, setting: boolean) =>
    inTurn(setting, async () => {
      events.push(name);
      await new Promise<void>((end) => ends.set(name, end));
      return name;
    });
  const all = [run('a', true), run('b', true), run('c', false), run('d', true)];
  await setImmediate();
  t.deepEqual(events, ['set true', 'a', 'b']);
  ends.get('a')!();
  await setImmediate();
  t.is(events.length, 3);
  ends.get('b')!();
  await setImmediate();
  t.deepEqual(events.slice(3), ['set false', 'c']);
  ends.get('c')!();
  await setImmediate();
  t.deepEqual(events.slice(5), ['set true', 'd']);
  ends.get('d')!();
  t.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
});

test('a run that fails fails alone, and holds nobody up', async (t) => {
  const inTurn = createTurns(() => {});
  const failing = inTurn(true, () => Promise.reject(new Error('no')));
  const other = inTurn(false, async () => 'done');
  await t.throwsAsync(failing, { message: 'no' });
  t.is(await other, 'done');
});

test("TensorFlow's switch is what the session asked for while its runs are under way", async (t) => {
  const inTurn = createTurns(allowTensorFloat32);
  const seen = await Promise.all(
    [true, false, false, true].map((on) => inTurn(on, async () => tensorFloat32Allowed())),
  );
  t.deepEqual(seen, [true, false, false, true]);

  const sessions = [true, undefined].map((tf32) => openSession({ device: 'cpu', tf32 }));
  const calls = sessions.map((session) => session.compile('one', () => ({ one: tf.ones([1]) })));
  for (const [i, expected] of [true, false, true].entries()) {
    await calls[i % 2]({});
    t.is(tensorFloat32Allowed(), expected);
  }
  await Promise.all(sessions.map((session) => session.close()));
});
