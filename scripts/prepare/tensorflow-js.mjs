import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { buildSync } from 'esbuild';

const core = '@tensorflow/tfjs-core';

// What the package @tensorflow/tfjs loads of its core: all ops, their gradients, and ops as methods of tensors.
const modules = ['dist/index', 'dist/register_all_gradients', 'dist/public/chained_ops/register_all_chained_ops'];

/** Bundles TensorFlow.js' core into one CommonJS file. */
export function bundleTensorflow(root, outfile) {
  buildSync({
    stdin: {
      contents: `export * from '${core}/${modules[0]}.js';\n${modules.map((name) => `import '${core}/${name}.js';\n`).join('')}`,
      resolveDir: root,
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // Loaded only where there is no global fetch, which Node has.
    external: ['node-fetch'],
    legalComments: 'inline',
    logLevel: 'error',
  });
}

/** Copies the declarations that the bundle's exports reach into `types/`, and writes the bundle's own, `tensorflow.d.ts`. */
export function copyTypes(source, target) {
  const pending = modules.map((name) => `${name.slice('dist/'.length)}.d.ts`);
  const copied = new Set();
  while (pending.length > 0) {
    const file = pending.pop();
    if (copied.has(file)) continue;
    copied.add(file);
    const text = selfContained(file, readFileSync(join(source, file), 'utf8'));
    const path = join(target, 'types', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    pending.push(...imported(source, file, text));
  }
  const [exported, ...effects] = modules.map((name) => `./types/${name.slice('dist/'.length)}`);
  const imports = effects.map((name) => `import '${name}';\n`).join('');
  writeFileSync(join(target, 'tensorflow.d.ts'), `${imports}export * from '${exported}';\n`);
}

/** The text of a declaration file without references to packages: TensorFlow.js' own, WebGPU's types and `long`. */
function selfContained(file, text) {
  const up = posix.relative(posix.dirname(file), '.') || '.';
  return text
    .replaceAll(/^\/\/\/ <(reference|amd-module) .*\n/gm, '')
    .replaceAll('@tensorflow/tfjs-core/dist/', `${up}/`)
    .replaceAll(/: (GPUBuffer|Long)\b/g, ': unknown');
}

function imported(source, file, text) {
  const specifiers = text.matchAll(/(?:\bfrom|\bimport|\bmodule)\s*\(?\s*['"](\.[^'"]+)['"]/g);
  return [...specifiers].map(([, specifier]) => {
    const path = posix.join(posix.dirname(file), specifier);
    return existsSync(join(source, `${path}.d.ts`)) ? `${path}.d.ts` : `${path}/index.d.ts`;
  });
}
