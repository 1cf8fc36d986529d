import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { openAtomic } from '../../src/io/open-atomic.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('what stands in the way of a file is an error of the user, and nothing is left behind', (t) => {
  const dir = temporaryFolder(t, { file: 'x' });
  mkdirSync(join(dir, 'folder'));
  symlinkSync('loop', join(dir, 'loop'));
  const before = readdirSync(dir).sort();
  for (const [name, message] of [
    ['folder', /folder cannot be written: a folder has that name/],
    ['file/under', /there is a file where a folder is needed/],
    ['loop/under', /a link in it leads in a circle|file where a folder/],
    ['n'.repeat(300), /the name is too long/],
  ] as const) {
    const path = join(dir, name);
    t.throws(() => writeFileAtomic(path, 'text'), { instanceOf: UserError, message });
    const piecewise = () => {
      const file = openAtomic(path);
      try {
        file.write('text');
        file.commit();
      } finally {
        file.discard();
      }
    };
    t.throws(piecewise, { instanceOf: UserError, message });
  }
  t.deepEqual(readdirSync(dir).sort(), before);
});

/** A program that has opened `path` and waits; `more` runs before it says so. */
function writing(path: string, more = '') {
  const script = `
    import { openAtomic } from ${JSON.stringify(new URL('../../src/io/open-atomic.js', import.meta.url).href)};
    const file = openAtomic(${JSON.stringify(path)});
    file.write('part');
    ${more}
    console.log('ready');
    setTimeout(() => {}, 60000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('Ctrl-C ends the process as ever, and takes the unfinished file away', async (t) => {
  const dir = temporaryFolder(t);
  const child = writing(join(dir, 'out.npy'));
  await once(child.stdout, 'data');
  t.is(readdirSync(dir).length, 1);
  child.kill('SIGINT');
  t.deepEqual(await once(child, 'exit'), [null, 'SIGINT']);
  t.deepEqual(readdirSync(dir), []);
});

test('where somebody else listens for Ctrl-C, the file may still be finished', async (t) => {
  const dir = temporaryFolder(t);
  const child = writing(join(dir, 'out'), "process.on('SIGINT', () => { file.commit(); process.exit(130); });");
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  t.deepEqual(await once(child, 'exit'), [130, null]);
  t.deepEqual(readdirSync(dir), ['out']);
});
