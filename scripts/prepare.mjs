// Makes a clone ready: `node scripts/prepare.mjs build library`. Needs Node and npm only; everything it says goes to stderr.
//   build    installs the dependencies, bundles TensorFlow.js and the page, compiles
//   library  fetches the TensorFlow library (`voxloop setup`)
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installDependencies } from './prepare/dependencies.mjs';
import { removeStaleOutputs } from './prepare/outputs.mjs';

const root = join(import.meta.dirname, '..');

/** Runs Node on a file of this clone, its output on stderr; ends this process when it fails. */
function runNode(file, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ['inherit', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

const steps = {
  async build() {
    installDependencies(root);
    removeStaleOutputs(root);
    // Imported here, for they need dependencies, which a fresh clone has only now.
    const { vendorKernels } = await import('./prepare/kernels.mjs');
    const { bundlePage } = await import('./prepare/page.mjs');
    vendorKernels(root);
    bundlePage(root);
    runNode('node_modules/typescript/bin/tsc', '-p', '.');
  },
  library() {
    runNode('bin/voxloop.mjs', 'setup');
  },
};

for (const name of process.argv.slice(2)) {
  if (!Object.hasOwn(steps, name)) {
    console.error(`scripts/prepare.mjs: unknown step '${name}'; the steps are ${Object.keys(steps).join(' and ')}`);
    process.exit(2);
  }
  await steps[name]();
}
