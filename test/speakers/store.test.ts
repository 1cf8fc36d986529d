import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../src/errors.js';
import { addToStore, type Enrolment, removeFromStore } from '../../src/speakers/change-store.js';
import { readStore, readStoreVectors, speakerOf } from '../../src/speakers/store.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { enrolmentOf, kindOf, SIZE } from './units.js';

const dirOf = (t: ExecutionContext) => join(temporaryFolder(t), 'store');
const fileOf = (dir: string, kind: string) => join(dir, readdirSync(dir).find((name) => name.startsWith(kind))!);

/** Everything in a store, in its order. */
function contentsOf(dir: string): Enrolment[] {
  const { chosen, vectors } = readStoreVectors(dir);
  let next = 0;
  return chosen.map(({ name, utterances }) => ({
    speaker: name,
    utterances: utterances.map(({ row: _, ...about }) => {
      const start = SIZE * next++;
      return { ...about, vector: vectors.slice(start, start + SIZE) };
    }),
  }));
}

const refused = (t: ExecutionContext, act: () => Promise<unknown>, message: RegExp) =>
  t.throwsAsync(act, { instanceOf: UserError, message });

test('what was added comes back, whole, in order, more recordings behind the first ones', async (t) => {
  const dir = dirOf(t);
  const [alice, bob] = [enrolmentOf('alice', 'a1.wav', 'a2.wav'), enrolmentOf('Bob Ünlü', 'b1.wav')];
  await addToStore(dir, kindOf(), [alice, bob]);
  t.deepEqual(contentsOf(dir), [alice, bob]);
  const more = enrolmentOf('alice', 'a3.wav');
  await addToStore(dir, kindOf(), [more]);
  t.deepEqual(contentsOf(dir), [{ speaker: 'alice', utterances: [...alice.utterances, ...more.utterances] }, bob]);
  t.deepEqual(readStore(dir).info.model, kindOf().model);
  t.deepEqual(
    readdirSync(dir)
      .map((name) => name.replace(/[0-9a-f]{8}/, 'X'))
      .sort(),
    ['embeddings-X.f32', 'journal-X.jsonl', 'store.json'],
  );
});

test('a recording that is there already is not added again, within a call either', async (t) => {
  const dir = dirOf(t);
  await addToStore(dir, kindOf(), [enrolmentOf('alice', 'a.wav')]);
  const again = enrolmentOf('alice', 'a.wav', 'b.wav');
  again.utterances.push({ ...again.utterances[1], file: 'copy of b.wav' });
  const { repeated } = await addToStore(dir, kindOf(), [again]);
  t.deepEqual(repeated, [
    { speaker: 'alice', file: 'a.wav' },
    { speaker: 'alice', file: 'copy of b.wav' },
  ]);
  t.deepEqual(contentsOf(dir), [enrolmentOf('alice', 'a.wav', 'b.wav')]);
});

test('removing and replacing leave no number of the old recordings in any file', async (t) => {
  const dir = dirOf(t);
  const [a, b, c] = [enrolmentOf('a', '1', '2'), enrolmentOf('b', '3'), enrolmentOf('c', '4')];
  await addToStore(dir, kindOf(), [a, b, c]);
  const holds = ({ utterances: [{ vector }] }: Enrolment) =>
    readdirSync(dir).some((name) => readFileSync(join(dir, name)).includes(Buffer.from(vector.buffer)));
  t.true(holds(a) && holds(b));
  await removeFromStore(dir, ['a']);
  t.deepEqual(contentsOf(dir), [b, c]);
  t.false(holds(a));
  const fresh = enrolmentOf('b', '5', '6');
  await addToStore(dir, kindOf(), [fresh], { replace: true });
  t.deepEqual(contentsOf(dir), [c, fresh]);
  t.false(holds(b));
  await refused(t, () => removeFromStore(dir, ['c', 'nobody']), /No speaker 'nobody'/);
  t.deepEqual(contentsOf(dir), [c, fresh], 'one unknown name: nobody is removed');
  await removeFromStore(dir, ['b', 'c']);
  t.deepEqual(contentsOf(dir), []);
  t.is(readdirSync(dir).length, 3);
});

test('what a killed process left behind the ends of the files is not read, and is written over', async (t) => {
  const dir = dirOf(t);
  const [a, b] = [enrolmentOf('a', '1'), enrolmentOf('b', '2')];
  await addToStore(dir, kindOf(), [a]);
  appendFileSync(fileOf(dir, 'journal'), '{"speaker":"torn","row":1,"utter');
  appendFileSync(fileOf(dir, 'embeddings'), Buffer.alloc(13, 1));
  t.deepEqual(contentsOf(dir), [a]);
  await addToStore(dir, kindOf(), [b]);
  t.deepEqual(contentsOf(dir), [a, b]);
  t.is(readFileSync(fileOf(dir, 'embeddings')).length, 2 * SIZE * 4);
});

test('a store of another model is refused, naming both', async (t) => {
  const dir = dirOf(t);
  await addToStore(dir, kindOf('one'), [enrolmentOf('a', '1')]);
  await refused(
    t,
    () => addToStore(dir, kindOf('two'), [enrolmentOf('b', '2')]),
    /'one' with digest a{12}, but this is 'two' with digest b{12}/,
  );
  t.deepEqual(contentsOf(dir), [enrolmentOf('a', '1')]);
});

test('a folder that is not a store, or a broken store, is refused by name', async (t) => {
  const dir = dirOf(t);
  t.throws(() => readStore(dir), { instanceOf: UserError, message: /does not exist\. `voxloop enroll` makes/ });
  await refused(t, () => removeFromStore(dir, ['a']), /does not exist/);
  t.false(existsSync(dir), 'looking makes no folder');
  mkdirSync(dir);
  t.throws(() => readStore(dir), { instanceOf: UserError, message: /is not a speaker store: store\.json is missing/ });
  writeFileSync(join(dir, 'holiday.jpg'), '');
  await refused(t, () => addToStore(dir, kindOf(), [enrolmentOf('a', '1')]), /not empty: it contains holiday\.jpg/);
  t.deepEqual(readdirSync(dir), ['holiday.jpg']);

  const broken = dirOf(t);
  await addToStore(broken, kindOf(), [enrolmentOf('a', '1'), enrolmentOf('b', '2')]);
  truncateSync(fileOf(broken, 'embeddings'), SIZE * 4 + 3);
  t.throws(() => readStoreVectors(broken), { instanceOf: UserError, message: /cut short: it holds 1 of 2 vectors/ });
  writeFileSync(fileOf(broken, 'journal'), '{"speaker":"a"}\n');
  t.throws(() => readStore(broken), {
    instanceOf: UserError,
    message: /journal-.*\.jsonl:1: .*not part of a speaker store/,
  });
  writeFileSync(join(broken, 'store.json'), '{}');
  t.throws(() => readStore(broken), { instanceOf: UserError, message: /store\.json: / });
});

test('an unknown speaker: the nearest name is suggested; an empty store says so', async (t) => {
  const dir = dirOf(t);
  await addToStore(dir, kindOf(), [enrolmentOf('Katherine', '1'), enrolmentOf('bob', '2')]);
  const store = readStore(dir);
  t.is(speakerOf(store, 'bob').utterances.length, 1);
  t.throws(() => speakerOf(store, 'Katharine'), { instanceOf: UserError, message: /did you mean 'Katherine'\?/ });
  t.throws(() => speakerOf(store, 'zzz'), {
    instanceOf: UserError,
    message: /No speaker 'zzz' is enrolled in .*store\. /,
  });
  await removeFromStore(dir, ['bob', 'Katherine']);
  t.throws(() => speakerOf(readStore(dir), 'bob'), { instanceOf: UserError, message: /is empty/ });
});

test('several processes that enrol at once lose nothing, though a dead one left its lock', async (t) => {
  const dir = dirOf(t);
  mkdirSync(dir);
  // No process has the largest number there is.
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 2 ** 31 - 1, host: hostname() }));
  const [names, each] = [['p', 'q', 'r'], 5];
  const script = fileURLToPath(new URL('./enrol-many.js', import.meta.url));
  const codes = names.map((name) => {
    const child = spawn(process.execPath, [script, dir, name, String(each)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new Promise((resolve) => child.on('close', resolve));
  });
  t.deepEqual(
    await Promise.all(codes),
    names.map(() => 0),
  );
  const found = contentsOf(dir);
  const expected = names.flatMap((name) => Array.from({ length: each }, (_, i) => `${name}-${i}`));
  t.deepEqual(found.map(({ speaker }) => speaker).sort(), [...expected, 'shared'].sort());
  for (const one of found.filter(({ speaker }) => speaker !== 'shared')) {
    t.deepEqual(one, enrolmentOf(one.speaker, 'a.wav', 'b.wav'));
  }
  const shared = found.find(({ speaker }) => speaker === 'shared')!.utterances.map(({ file }) => file);
  t.deepEqual(shared.sort(), expected.map((name) => `${name}.wav`).sort());
  t.false(existsSync(join(dir, 'lock')));
});

test('while others remove and replace, a reader always finds a whole store', async (t) => {
  const dir = dirOf(t);
  const kept = enrolmentOf('kept', '1', '2');
  await addToStore(dir, kindOf(), [kept]);
  const script = fileURLToPath(new URL('./enrol-many.js', import.meta.url));
  const child = spawn(process.execPath, [script, dir, 'p', '6'], { stdio: ['ignore', 'ignore', 'inherit'] });
  let done = false;
  const code = new Promise((resolve) => child.on('close', resolve)).finally(() => {
    done = true;
  });
  let reads = 0;
  while (!done) {
    await addToStore(dir, kindOf(), [enrolmentOf('other', `${reads}`)], { replace: true });
    t.deepEqual(
      contentsOf(dir).find(({ speaker }) => speaker === 'kept'),
      kept,
    );
    reads++;
    await sleep(30);
  }
  t.is(await code, 0);
  t.is(contentsOf(dir).filter(({ speaker }) => speaker.startsWith('p-')).length, 6);
  t.deepEqual(
    contentsOf(dir).find(({ speaker }) => speaker === 'other'),
    enrolmentOf('other', `${reads - 1}`),
  );
});
