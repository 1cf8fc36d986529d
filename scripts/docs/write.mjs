// Writes the generated parts of the documentation, from a built tree: `node scripts/docs/write.mjs`. With --check it writes nothing,
// lists what is stale and exits with 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtIns } from '../../dist/src/builtins.js';
import { describePlugins } from '../../dist/src/pipeline/registry/describe-plugins.js';
import { createRegistry } from '../../dist/src/pipeline/registry/registry.js';
import { methodsChart } from './methods-chart.mjs';
import { withPart } from './parts.mjs';
import { pluginReference, stageReference } from './reference.mjs';
import { rooms } from './rooms.mjs';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const plugins = await describePlugins(createRegistry(builtIns));
const pages = [
  { page: 'recipes.md', content: (text) => withPart(text, 'stages', stageReference(plugins)) },
  { page: 'plugins.md', content: (text) => withPart(text, 'plugins', pluginReference(plugins)) },
  { page: 'architecture.md', content: (text) => withPart(text, 'rooms', rooms()) },
  { page: 'images/methods.svg', content: () => methodsChart(readFileSync(join(docs, 'results.md'), 'utf8')) },
];

const stale = pages.filter(({ page, content }) => {
  const path = join(docs, page);
  const old = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const current = content(old);
  if (current === old) return false;
  if (!process.argv.includes('--check')) writeFileSync(path, current);
  return true;
});

if (process.argv.includes('--check')) {
  for (const { page } of stale) console.log(`docs/${page} is stale: run \`node scripts/docs/write.mjs\``);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const { page } of stale) console.log(`written: docs/${page}`);
}
