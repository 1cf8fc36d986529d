import test from 'ava';
import { meet } from '../../../src/pipeline/workers/rendezvous.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const parts = (ranks: number[], said: string[] = []) => ({
  ranks,
  count: 3,
  signal: new AbortController().signal,
  say: (line: string) => void said.push(line),
});

test('supervisors begin an attempt when all are there, and learn that another has begun the next', async (t) => {
  const dir = temporaryFolder(t);
  const said: string[] = [];
  let together = false;
  const first = meet(dir, parts([0, 1], said)).then((meeting) => {
    t.true(together, 'the first waits for the second');
    return meeting;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.regex(said.join(), /1 of 3 are missing/);
  together = true;
  const [one, two] = await Promise.all([first, meet(dir, parts([2]))]);
  t.false(one.outdated());
  t.false(two.outdated());
  // The second's worker died: it begins another attempt, which the first has to join.
  const again = meet(dir, parts([2]));
  t.true(one.outdated());
  const [three, four] = await Promise.all([meet(dir, parts([0, 1])), again]);
  t.false(three.outdated());
  t.false(four.outdated());
});

test('what an earlier run left does not stand for a machine that is there', async (t) => {
  const dir = temporaryFolder(t);
  // The first came to an attempt that nobody else came to.
  const controller = new AbortController();
  const left = meet(dir, { ...parts([0, 1]), signal: controller.signal });
  controller.abort();
  await t.throwsAsync(left);
  const first = meet(dir, parts([0, 1]));
  const [one, two] = await Promise.all([first, meet(dir, parts([2]))]);
  t.false(one.outdated());
  t.false(two.outdated());
});
