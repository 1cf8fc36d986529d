import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import * as surface from '../../../src/index.js';
import { loadPlugins } from '../../../src/pipeline/registry/load-plugin.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const gate = (name: string) =>
  `defineGate({ name: '${name}', summary: 'x', options: z.strictObject({}), threshold: () => ({ threshold: 1 }) })`;

async function load(t: ExecutionContext, files: Record<string, string>, entry = 'mine.ts') {
  const folder = temporaryFolder(t, files);
  const registry = createRegistry([]);
  await loadPlugins([join(folder, entry)], registry);
  return { registry, folder };
}

test('TypeScript in an empty folder, with parts of its own, gets the one instance of voxloop', async (t) => {
  const { registry } = await load(t, {
    'mine.ts': `
import * as voxloop from 'voxloop';
import { defineGate, z, type Kind } from 'voxloop';
import { name } from './parts/name.js';
import { same } from './parts/same';

interface Options { level: number }
enum Level { low = 2 }
export default defineGate({
  name,
  summary: 'A gate.' satisfies string,
  options: z.strictObject({ level: z.number().default(Level.low as number) }),
  threshold(_losses: Float32Array, options: Options) {
    const kind: Kind = 'gate';
    return { threshold: options.level, components: { same: Number(same(voxloop) && kind === 'gate') } };
  },
});
`,
    'parts/name.ts': `export const name: string = 'mine';`,
    'parts/same.ts': `
import { UserError } from 'voxloop';
export const same = (other: { UserError: unknown }): boolean => other.UserError === UserError;`,
  });
  const plugin = await registry.load('gate', 'mine');
  t.deepEqual(plugin.threshold(new Float32Array(), plugin.options.parse({})), {
    threshold: 2,
    components: { same: 1 },
  });
  t.true(plugin.options instanceof surface.z.ZodObject);
});

test('one file may hold several plugins; a file named twice is loaded once', async (t) => {
  const source = `import { defineGate, z } from 'voxloop';\nexport default [${gate('a')}, ${gate('b')}];`;
  const folder = temporaryFolder(t, { 'mine.mjs': source });
  const registry = createRegistry([]);
  await loadPlugins([join(folder, 'mine.mjs'), `${folder}/./mine.mjs`], registry);
  t.deepEqual(registry.names('gate'), ['a', 'b']);
  const { file, digest } = registry.origin('gate', 'a');
  t.is(file, join(folder, 'mine.mjs'));
  t.regex(String(digest), /^[0-9a-f]{64}$/);
});

test('what is neither TypeScript nor JavaScript is refused in plain words', async (t) => {
  const file = join(temporaryFolder(t, { 'mine.wav': 'RIFF' }), 'mine.wav');
  await t.throwsAsync(loadPlugins([file], createRegistry([])), {
    instanceOf: UserError,
    message: `${file}: this plugin cannot be loaded: a plugin is a .ts, .js or .mjs file.`,
  });
});

const faults: [title: string, source: string, message: RegExp][] = [
  [
    'a syntax error of TypeScript',
    'const a = 1;\n\nconst b: number = ;',
    /mine.ts:3: .*SyntaxError: Unexpected token$/,
  ],
  [
    'a syntax error of JavaScript',
    'const a: number = 1;\n\nconst a = 2;',
    /mine.ts:3: .*'a' has already been declared$/,
  ],
  ['an error while loading', '\nconst a = undefined as never;\na.b();', /mine.ts:3: .*TypeError: Cannot read/],
  [
    'a name that voxloop has not',
    `import { defineSls } from 'voxloop';\nexport default defineSls;`,
    /mine.ts:1: .*'defineSls'/,
  ],
  [
    'a missing package',
    `import 'no-such-package';\nexport default 1;`,
    /mine.ts: .*Cannot find package 'no-such-package'/,
  ],
  ['a missing part', `import './part.js';\nexport default 1;`, /mine.ts: .*Cannot find module '.*part.js'/],
  [
    'a fault in a part',
    `import './broken';\nexport default 1;`,
    /broken.ts:2: this plugin cannot be loaded: SyntaxError/,
  ],
  ['no default export', 'export const a = 1;', /mine.ts has no default export. Write `export default defineSsl/],
  ['no plugin', `export default { name: 'x' };`, /mine.ts: the default export is not a plugin/],
  [
    'no plugin in a list',
    `export default [{ kind: 'gat', name: 'x', summary: '' }];`,
    /mine.ts: entry 0 of the default export is no/,
  ],
];
for (const [title, source, message] of faults) {
  test(`a plugin file with ${title} is the user's fault, with its place`, async (t) => {
    const files = { 'mine.ts': source, 'broken.ts': '\nexport const b = )' };
    await t.throwsAsync(load(t, files), { instanceOf: UserError, message });
  });
}

test('a missing file, a folder', async (t) => {
  const { folder } = await load(t, {
    'mine.ts': `import { defineGate, z } from 'voxloop';\nexport default ${gate('x')};`,
  });
  const registry = createRegistry([]);
  const missing = loadPlugins([join(folder, 'other.ts')], registry);
  await t.throwsAsync(missing, { instanceOf: UserError, message: /^Plugin .*other.ts does not exist/ });
  await t.throwsAsync(loadPlugins([folder], registry), { instanceOf: UserError, message: /^Plugin .* is a folder/ });
});

test('a stack trace shows the line of the TypeScript source', async (t) => {
  const folder = temporaryFolder(t, {
    'mine.ts': `
import { defineGate, z } from 'voxloop';
type Long = {
  a: number;
};
export default defineGate({ name: 'x', summary: 'x', options: z.strictObject({}),
  threshold() {
    throw new Error('line 8');
  } });
`,
  });
  const library = new URL('../../../src/pipeline/', import.meta.url).href;
  const script = `
    import { loadPlugins } from '${library}registry/load-plugin.js';
    import { createRegistry } from '${library}registry/registry.js';
    const registry = createRegistry([]);
    await loadPlugins(['${join(folder, 'mine.ts')}'], registry);
    (await registry.load('gate', 'x')).threshold();`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  t.regex(stderr, /mine\.ts:8:\d+/);
});
