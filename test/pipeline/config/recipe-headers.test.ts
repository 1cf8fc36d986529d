import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { builtIns } from '../../../src/builtins.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Every YAML file of configs/, as paths like `configs/small/dino.yaml`. */
const files = readdirSync(`${root}configs`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => `configs/${file}`)
  .sort();
const recipes = files.filter((file) => !file.includes('/_'));

/** The comment that a file starts with, without `# `. */
function headerOf(file: string): string[] {
  const lines = readFileSync(root + file, 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines.slice(0, end).map((line) => line.replace(/^# ?/, ''));
}

/** The words of the command in a header: indented lines, which a backslash continues; `#` starts a comment, as in a shell. */
const commandIn = (header: readonly string[]): string[] =>
  header
    .filter((line) => /^ {2}(?=npx | {2}--)/.test(line))
    .flatMap((line) =>
      line
        .replace(/\\$|\s#.*$/, '')
        .trim()
        .split(/\s+/),
    );

/** A labelled line of a header, with the lines that continue it. */
function entryOf(header: readonly string[], label: string): string {
  const start = header.findIndex((line) => line.startsWith(`${label}: `));
  if (start < 0) return '';
  const end = header.findIndex((line, i) => i > start && !line.startsWith('  '));
  const lines = header.slice(start, end < 0 ? undefined : end);
  return lines
    .map((line) => line.trim())
    .join(' ')
    .slice(label.length + 2);
}

test('every file of configs starts by saying what it is', (t) => {
  t.true(recipes.length > 25);
  for (const file of files) t.regex(headerOf(file)[0] ?? '', /^\S.{20,}/, file);
});

test('the command in the header of a recipe runs that recipe, into a folder, with settings that the recipe has', async (t) => {
  for (const file of recipes) {
    const [npx, voxloop, run, named, out, folder, ...flags] = commandIn(headerOf(file));
    t.deepEqual([npx, voxloop, run, named, out], ['npx', 'voxloop', 'run', file, '--out'], file);
    t.regex(folder, /^runs\/[a-z0-9-]+$/, file);
    const settings = flags.filter((_, i) => i % 2 === 1);
    t.deepEqual(
      flags,
      settings.flatMap((setting) => ['--set', setting]),
      file,
    );
    await t.notThrowsAsync(
      loadConfig({ file: root + file, settings, registry: createRegistry(builtIns) }),
      `${file}: ${settings.join(' ')}`,
    );
  }
});

test('no two commands write into the same folder', (t) => {
  const folders = recipes.map((file) => commandIn(headerOf(file))[5]);
  t.deepEqual([...new Set(folders)], folders);
});

test('the header of a recipe has the time it takes, the figure to expect, and where these were measured', (t) => {
  for (const file of recipes) {
    const header = headerOf(file);
    const [time, expected, measured] = ['Time', 'Expected', 'Measured'].map((label) => entryOf(header, label));
    t.regex(time, /^\d+(\.\d)? min .*\bcores?\b|^not measured; /, file);
    t.regex(expected, /\bEER .*\d+\.\d+ %|\bSI-SDR .*\d+\.\d+ dB|^not measured/, file);
    t.regex(measured, /\S{2,}/, file);
  }
});
