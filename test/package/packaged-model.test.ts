import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { listSafetensors } from '../../src/io/safetensors.js';
import { openSpeakerModel } from '../../src/tools/open-speaker-model.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'models', 'default');
const LARGEST_BYTES = 4e6;
const FILES = ['CARD.md', 'COMMANDS.md', 'LICENSES.md', 'calibration.json', 'model.safetensors'];
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');

test('the model that comes with voxloop is there whole, in at most 4 MB, and its weights are in float16', (t) => {
  t.true(existsSync(folder), `${folder} is missing`);
  const files = readdirSync(folder).sort();
  t.deepEqual(files, FILES);
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  t.true(bytes <= LARGEST_BYTES, `${bytes} bytes`);
  for (const [name, { type, shape }] of listSafetensors(join(folder, 'model.safetensors')).entries)
    t.is(type, shape.length < 2 ? 'F32' : 'F16', name);
});

test('its card says what it is, what it heard, how good it is and what it is not for', (t) => {
  const headings = [...textOf('CARD.md').matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  for (const part of [/what it is/i, /trained on/i, /figures/i, /limits/i, /intended use/i])
    t.true(
      headings.some((heading) => part.test(heading)),
      `no heading like ${part} among ${headings.join(', ')}`,
    );
  t.regex(textOf('CARD.md'), /\d[\d.,]* (hours|h)\b/);
  t.regex(textOf('CARD.md'), /\d[\d,]* voices/);
  t.regex(textOf('LICENSES.md'), /licen[cs]e|public domain|CC0|CC BY/i);
});

test('the commands that made it end with packing and calibration', (t) => {
  const commands = [...textOf('COMMANDS.md').matchAll(/voxloop (\w+)/g)].map(([, command]) => command);
  t.true(commands.some((command) => command === 'run' || command === 'learn'));
  t.deepEqual(
    commands.filter((command) => command === 'pack' || command === 'calibrate'),
    ['pack', 'calibrate'],
  );
});

test('it is what is opened where no model is named, with a calibration of its own', async (t) => {
  const model = await openSpeakerModel(undefined, { device: 'cpu' });
  t.teardown(() => model.close());
  // Another model's calibration would have been refused.
  t.true(model.calibration!.thresholds.length > 0);
  t.deepEqual(model.calibration!.model, model.identity);
});

test('npm packs it', (t) => {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = Object.values(JSON.parse(listed) as Record<string, { files: { path: string }[] }>);
  const packed = files.map(({ path }) => path).filter((path) => path.startsWith('models/'));
  t.deepEqual(
    packed.sort(),
    FILES.map((file) => `models/default/${file}`),
  );
});
