import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildCorpusFolder, type CorpusFacts, readCorpusFacts } from '../../../src/data/corpus/corpus-folder.js';
import { UserError } from '../../../src/errors.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const identity = { name: 'test', options: { seed: 1 } };
const side = { utterances: 1, speakers: 1 };

/** Fills a folder with one file of this content and corpus.json. */
function fill(content: string, made = identity) {
  return async (partial: string): Promise<CorpusFacts> => {
    const counts = { ...side, seconds: 1, train: side, test: side, trials: 0, skipped: {} };
    const facts: CorpusFacts = { ...made, seed: 1, sampleRateHz: 16000, ...counts };
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, 'content'), content);
    writeFileSync(join(partial, 'corpus.json'), JSON.stringify(facts));
    return facts;
  };
}

const stopHalfway = async (partial: string): Promise<CorpusFacts> => {
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'half'), 'x');
  throw new Error('stopped');
};

test('a folder appears whole; the same one is kept, unless forced', async (t) => {
  const parent = temporaryFolder(t);
  const dir = join(parent, 'corpus');
  const content = () => readFileSync(join(dir, 'content'), 'utf8');
  t.like(await buildCorpusFolder(dir, identity, {}, fill('first')), { dir, existing: false, utterances: 1 });
  t.like(await buildCorpusFolder(dir, identity, {}, fill('second')), { dir, existing: true, utterances: 1 });
  t.is(content(), 'first');
  t.like(await buildCorpusFolder(dir, identity, { force: true }, fill('third')), { existing: false });
  t.is(content(), 'third');
  t.deepEqual(readdirSync(parent), ['corpus']);
});

test('an empty folder is built in', async (t) => {
  const dir = join(temporaryFolder(t), 'corpus');
  mkdirSync(dir);
  t.false((await buildCorpusFolder(dir, identity, {}, fill('a'))).existing);
});

test('another corpus is refused, replaced when forced; anything else is never overwritten', async (t) => {
  const parent = temporaryFolder(t);
  const dir = join(parent, 'corpus');
  await buildCorpusFolder(dir, identity, {}, fill('first'));
  const other = { name: 'test', options: { seed: 2 } };
  await t.throwsAsync(buildCorpusFolder(dir, other, {}, fill('second', other)), {
    instanceOf: UserError,
    message: /holds another corpus: seed was 1 and is 2 now\..*--force/,
  });
  const kind = { name: 'tar', options: { seed: 1 } };
  await t.throwsAsync(buildCorpusFolder(dir, kind, {}, fill('second', kind)), {
    instanceOf: UserError,
    message: /holds another corpus: it is of the kind test, and tar is wanted\./,
  });
  t.false((await buildCorpusFolder(dir, other, { force: true }, fill('second', other))).existing);

  const foreign = join(parent, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'thesis.tex'), 'years of work');
  for (const force of [false, true]) {
    await t.throwsAsync(buildCorpusFolder(foreign, identity, { force }, fill('x')), {
      instanceOf: UserError,
      message: /is not a corpus: it will not be overwritten/,
    });
  }
  t.is(readFileSync(join(foreign, 'thesis.tex'), 'utf8'), 'years of work');
  await t.throwsAsync(buildCorpusFolder(join(foreign, 'thesis.tex'), identity, {}, fill('x')), {
    instanceOf: UserError,
  });
});

test('a build that fails leaves nothing, or with resume its part; the old corpus stays', async (t) => {
  const parent = temporaryFolder(t);
  const dir = join(parent, 'corpus');
  await t.throwsAsync(buildCorpusFolder(dir, identity, {}, stopHalfway), { message: 'stopped' });
  t.deepEqual(readdirSync(parent), []);
  await buildCorpusFolder(dir, identity, {}, fill('first'));
  await t.throwsAsync(buildCorpusFolder(dir, identity, { force: true, resume: true }, stopHalfway));
  t.is(readFileSync(join(dir, 'content'), 'utf8'), 'first');
  t.deepEqual(readdirSync(`${dir}.partial`), ['half']);
  await buildCorpusFolder(dir, identity, { force: true, resume: true }, async (partial) => {
    t.true(existsSync(join(partial, 'half')));
    return fill('second')(partial);
  });
  t.deepEqual(readdirSync(parent), ['corpus']);
});

test('a kill between the renames of a forced build loses nothing', async (t) => {
  const dir = join(temporaryFolder(t), 'corpus');
  await buildCorpusFolder(dir, identity, {}, fill('first'));
  renameSync(dir, `${dir}.old`);
  t.true((await buildCorpusFolder(dir, identity, {}, fill('second'))).existing);
  t.is(readFileSync(join(dir, 'content'), 'utf8'), 'first');
});

test('of two builds at once one builds, the other takes what it made', async (t) => {
  const dir = join(temporaryFolder(t), 'corpus');
  const build = (content: string) => buildCorpusFolder(dir, identity, {}, fill(content));
  const [a, b] = await Promise.all([build('a'), build('b')]);
  t.deepEqual([a.existing, b.existing].sort(), [false, true]);
});

test('a full disk is the user’s to mend', async (t) => {
  const dir = join(temporaryFolder(t), 'corpus');
  const full = () => Promise.reject(Object.assign(new Error('write'), { code: 'ENOSPC' }));
  await t.throwsAsync(buildCorpusFolder(dir, identity, {}, full), { instanceOf: UserError, message: /disk is full/ });
});

test('what is no corpus.json is none', (t) => {
  const dir = temporaryFolder(t);
  t.is(readCorpusFacts(dir), undefined);
  for (const text of ['', '{"name": "x"}', '[]', '{"na']) {
    writeFileSync(join(dir, 'corpus.json'), text);
    t.is(readCorpusFacts(dir), undefined);
  }
});
