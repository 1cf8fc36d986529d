import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleTensorflow, copyTypes } from './tensorflow-js.mjs';

const packageNames = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-core'];

/**
 * Puts TensorFlow.js into dist/kernels: its core as one file with declarations (`#tensorflow` in package.json), and the kernels of
 * @tensorflow/tfjs-node-gpu. Those are plain CommonJS that turns kernel calls into executeOp calls; copied, they need neither that
 * package's native addon nor its dependencies. Together 2 MB instead of the 300 MB of packages that npm would install.
 */
export function vendorKernels(root) {
  const manifests = packageNames.map((name) => readManifest(join(root, 'node_modules', name)));
  const target = join(root, 'dist', 'kernels');
  const recipe = recipeHash(manifests);
  if (existsSync(join(target, 'package.json')) && readManifest(target).recipe === recipe) return;
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const source = join(root, 'node_modules', packageNames[0], 'dist');
  for (const file of kernelFiles(source)) copyKernel(source, partial, file);
  // Only SavedModel loading and TensorBoard use the messages; the real file would pull in google-protobuf.
  write(join(partial, 'proto', 'api_pb.js'), 'module.exports = {};\n');
  bundleTensorflow(root, join(partial, 'tensorflow.js'));
  copyTypes(join(root, 'node_modules', packageNames[1], 'dist'), partial);
  write(join(partial, 'NOTICE'), notice(manifests));
  cpSync(join(root, 'node_modules', 'typescript', 'LICENSE.txt'), join(partial, 'LICENSE-APACHE-2.0'));
  write(join(partial, 'package.json'), `${JSON.stringify(description(recipe), null, 2)}\n`);
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Changes with the packages' versions and with the code that copies them. */
function recipeHash(manifests) {
  const hash = createHash('sha256');
  for (const { name, version } of manifests) hash.update(`${name}@${version}\n`);
  for (const file of ['kernels.mjs', 'tensorflow-js.mjs']) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex');
}

function kernelFiles(source) {
  const kernels = readdirSync(join(source, 'kernels')).filter((file) => file.endsWith('.js'));
  return [
    'nodejs_kernel_backend.js',
    'register_all_kernels.js',
    'int64_tensors.js',
    ...kernels.filter((file) => !file.endsWith('_test.js')).map((file) => join('kernels', file)),
  ];
}

// The kernels and voxloop must share one TensorFlow.js, the bundle beside them. Its classes are real ones, and the kernels' are
// functions of ECMAScript 5, which may not call a class.
function copyKernel(source, target, file) {
  const bundle = dirname(file) === '.' ? './tensorflow.js' : '../tensorflow.js';
  const text = readFileSync(join(source, file), 'utf8')
    .replaceAll(/require\("@tensorflow\/tfjs(-core)?"\)/g, `require("${bundle}")`)
    .replaceAll('_super.call(this) || this', 'Reflect.construct(_super, [], this.constructor)');
  write(join(target, file), text);
}

function description(recipe) {
  return {
    name: 'voxloop-kernels',
    description: 'TensorFlow.js: its core, and the kernels of tfjs-node',
    license: 'Apache-2.0',
    type: 'commonjs',
    private: true,
    recipe,
  };
}

function notice(manifests) {
  const [kernels, core] = manifests.map(({ name, version }) => `${name} ${version}`);
  return `kernels/, nodejs_kernel_backend.js, register_all_kernels.js and int64_tensors.js are copied from ${kernels};
they import tensorflow.js instead of @tensorflow/tfjs, and construct its classes by Reflect.construct. proto/api_pb.js is an empty replacement.

tensorflow.js bundles ${core}; types/ holds its declarations, in which imports are relative and
the types GPUBuffer and Long are unknown.

Both: Copyright Google LLC, Apache License, Version 2.0 (LICENSE-APACHE-2.0).

tensorflow.js also contains
  long 4.0.0, Copyright 2013 Daniel Wirtz and contributors, Apache License, Version 2.0 (LICENSE-APACHE-2.0)
  seedrandom 3, Copyright 2019 David Bau, MIT License; xor128, xorwow, xorshift7, xor4096, tyche-i and alea,
  Copyright David Bau and Johannes Baagøe, MIT License:

    Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
    documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
    rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
    persons to whom the Software is furnished to do so, subject to the following conditions:

    The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
    Software.

    THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
    WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
    COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
    OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
