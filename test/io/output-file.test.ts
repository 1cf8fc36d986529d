import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { declareInputs, forgetInputs } from '../../src/io/inputs.js';
import { openAtomic } from '../../src/io/open-atomic.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('a link stays a link, and what it leads to gets the data, there before or not', (t) => {
  const dir = temporaryFolder(t, { 'far/target': 'old' });
  symlinkSync('far/target', join(dir, 'link'));
  symlinkSync('link', join(dir, 'chain'));
  symlinkSync('far/new', join(dir, 'dangling'));
  for (const [name, target] of [
    ['link', 'far/target'],
    ['chain', 'far/target'],
    ['dangling', 'far/new'],
  ]) {
    writeFileAtomic(join(dir, name), name, '!');
    t.is(readFileSync(join(dir, target), 'utf8'), `${name}!`);
    t.true(lstatSync(join(dir, name)).isSymbolicLink());
  }
  t.is(readlinkSync(join(dir, 'chain')), 'link');
  t.deepEqual(readdirSync(join(dir, 'far')).sort(), ['new', 'target']);
  t.deepEqual(readdirSync(dir).sort(), ['chain', 'dangling', 'far', 'link']);
});

test('links in a circle are an error of the user', (t) => {
  const dir = temporaryFolder(t);
  symlinkSync('b', join(dir, 'a'));
  symlinkSync('a', join(dir, 'b'));
  t.throws(() => writeFileAtomic(join(dir, 'a'), 'x'), { instanceOf: UserError, message: /leads in a circle/ });
  t.deepEqual(readdirSync(dir).sort(), ['a', 'b']);
});

test('a pipe is written into and stays a pipe, with a start that was written last', async (t) => {
  const dir = temporaryFolder(t);
  const fifo = join(dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pieces: Buffer[] = [];
  reader.stdout.on('data', (piece) => pieces.push(piece));
  const read = once(reader, 'close');
  // The writer runs in a process of its own: opening a pipe waits for the other side.
  const writer = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { openAtomic } from ${JSON.stringify(new URL('../../src/io/open-atomic.js', import.meta.url).href)};
     const file = openAtomic(${JSON.stringify(fifo)});
     file.write('0000');
     file.write(Buffer.alloc(3000000, 'x'));
     file.rewriteStart(Buffer.from('1234'));
     file.commit();`,
  ]);
  t.deepEqual(await once(writer, 'exit'), [0, null]);
  await read;
  t.is(Buffer.concat(pieces).toString(), `1234${'x'.repeat(3000000)}`);
  t.true(lstatSync(fifo).isFIFO());
  t.deepEqual(readdirSync(dir), ['fifo']);
});

test('standard output gets what is written to its name, behind what was said before', (t) => {
  const script = `import { writeFileAtomic } from ${JSON.stringify(new URL('../../src/io/atomic.js', import.meta.url).href)};
    process.stdout.write('before ');
    writeFileAtomic('/dev/stdout', 'data');
    process.stdout.write(' after');`;
  const dir = temporaryFolder(t);
  const run = `"${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const env = { ...process.env, SCRIPT: script };
  t.is(execFileSync('sh', ['-c', run], { env, encoding: 'utf8' }), 'before data after');
  execFileSync('sh', ['-c', `${run} > out`], { env, cwd: dir });
  t.is(readFileSync(join(dir, 'out'), 'utf8'), 'before data after');
});

test('a device is written into; what it refuses is an error that names it', (t) => {
  t.notThrows(() => writeFileAtomic('/dev/null', 'data'));
  t.true(statSync('/dev/null').isCharacterDevice());
  t.throws(() => writeFileAtomic('/dev/full', 'data'), {
    instanceOf: UserError,
    message: /\/dev\/full was not written/,
  });
  t.true(statSync('/dev/full').isCharacterDevice());
});

test.serial('nothing takes the place of an input, by whatever name', (t) => {
  const dir = temporaryFolder(t, { 'in.txt': 'mine', 'listed.wav': 'mine', other: '' });
  t.teardown(forgetInputs);
  const at = (name: string) => join(dir, name);
  mkdirSync(at('sub'));
  symlinkSync('in.txt', at('soft'));
  linkSync(at('listed.wav'), at('hard'));
  declareInputs([at('in.txt'), at('missing'), dir]);
  declareInputs(function* () {
    yield at('listed.wav');
  });
  for (const name of ['in.txt', 'sub/../in.txt', 'soft', 'listed.wav', 'hard']) {
    const refused = { instanceOf: UserError, message: /is an input of this command.*will not be overwritten/ };
    t.throws(() => writeFileAtomic(at(name), 'x'), refused, name);
    t.throws(() => openAtomic(at(name)), refused, name);
  }
  for (const name of ['in.txt', 'listed.wav']) t.is(readFileSync(at(name), 'utf8'), 'mine');
  t.notThrows(() => writeFileAtomic(at('other'), 'x'));
  t.notThrows(() => writeFileAtomic(at('missing'), 'x'));
  t.deepEqual(readdirSync(dir).sort(), ['hard', 'in.txt', 'listed.wav', 'missing', 'other', 'soft', 'sub']);
});
