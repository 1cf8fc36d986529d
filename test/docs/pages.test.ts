import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { writeWav16 } from '../../src/io/wav-write.js';
import { talk } from '../helpers/corpora/talk.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** GitHub's name of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

for (const page of pages) {
  test(`links of ${page} lead somewhere`, (t) => {
    const prose = textOf(page).replace(/```[\s\S]*?```/g, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file, anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      t.true(existsSync(join(root, path)), `${page}: ${target}`);
      if (anchor === undefined) continue;
      const headings = [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
      t.true(headings.includes(anchor), `${page}: ${target}`);
    }
  });
}

test('files of the source that pages name exist', (t) => {
  for (const page of pages) {
    for (const [, path] of textOf(page).matchAll(
      /`((?:src|ssl|clustering|configs|test|bench|scripts|examples)\/[\w./-]+)`/g,
    ))
      if (!path.includes('/mine'))
        t.true(existsSync(join(root, path)) || existsSync(join(root, `${path}.ts`)), `${page}: ${path}`);
  }
});

test('the README stays short', (t) => {
  t.true(Buffer.byteLength(textOf('README.md')) <= 9 * 1024);
});

/** The first program that a page shows. */
const programOf = (page: string) => textOf(page).match(/```typescript\n([\s\S]*?)```/)![1];

/** A folder where `voxloop` is installed, with a model at `model` and some recordings. */
async function prepare(t: ExecutionContext, model: string): Promise<string> {
  const dir = temporaryFolder(t);
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(root, join(dir, 'node_modules', 'voxloop'));
  for (const [i, name] of ['a.wav', 'b.flac', 'a1.wav', 'a2.wav', 'new.wav'].entries())
    writeWav16(join(dir, name), talk(i, 1.5), 16000);
  await writeTinyModel(join(dir, model));
  return dir;
}

/** What the program prints. */
function outputOf(cwd: string, program: string): Promise<string> {
  writeFileSync(join(cwd, 'program.mjs'), program);
  const child = spawn(process.execPath, ['program.mjs'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  return new Promise((resolve) => child.on('close', () => resolve(text)));
}

test.serial("the README's program compares two recordings, and decides nothing without a calibration", async (t) => {
  const dir = await prepare(t, 'mine/stages/voices/model');
  t.regex(await outputOf(dir, programOf('README.md')), /^-?\d\.\d+ null\n$/);
});

test.serial(
  'the program of the first steps enrols and scores, and decides nothing without a calibration',
  async (t) => {
    const dir = await prepare(t, 'runs/mine/stages/embed/model');
    t.regex(await outputOf(dir, programOf('docs/getting-started.md')), /^null -?\d\.\d+\n$/);
  },
);

test('the recipes that the pages show are valid', async (t) => {
  const started = textOf('docs/getting-started.md').match(/```yaml\n([\s\S]*?)```/)![1];
  const simple = textOf('docs/recipes.md').match(/```yaml\n([\s\S]*?)```/)![1];
  const dir = temporaryFolder(t, { 'started.yaml': started, 'simple.yaml': simple });
  for (const recipe of ['started.yaml', 'simple.yaml']) {
    const { stdout, stderr } = await runCli(['run', recipe, '--dry-run'], { cwd: dir });
    t.regex(stdout, /^ {2}- stage: corpus$/m);
    // All that is missing is the corpus.
    t.regex(stderr, /plan for [\s\S]*corpus/);
  }
});
