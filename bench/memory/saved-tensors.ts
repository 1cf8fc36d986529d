// Compares the tensors that plain networks keep for the backward pass with those that PyTorch saves for the same network.
//
//   npm run build && node dist/bench/memory/saved-tensors.js [--networks resnet34,df-resnet56] [--batch 2] [--frames 200] [--python python3]
//
// needs: a Python with torch (pip install torch==2.13.0, the CPU wheel). Ours: bytes allocated by the forward pass and alive when the
// backward pass begins, as TensorFlow records them. PyTorch's: bench/memory/saved-tensors.py. A ratio below 1 means that we keep less.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StepFigures } from '../../src/train/step-benchmark.js';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'resnet34,resnet50,resnet101,df-resnet56,df-resnet110' },
    batch: { type: 'string', default: '2' },
    frames: { type: 'string', default: '200' },
    python: { type: 'string', default: 'python3' },
  },
});
const { networks, batch, frames, python } = values;
const root = new URL('../../../', import.meta.url);
const cli = fileURLToPath(new URL('bin/voxloop.mjs', root));
const script = fileURLToPath(new URL('bench/memory/saved-tensors.py', root));

function ours(network: string): StepFigures {
  const args = ['bench', 'step', '--backbone', network, '--batch', batch, '--frames', frames, '--device', 'cpu'];
  const output = execFileSync(process.execPath, [cli, ...args, '--steps', '1', '--seconds', '1', '--json']);
  return JSON.parse(output.toString());
}

function torch(network: string): { parameters: number; savedBytes: number } {
  return JSON.parse(execFileSync(python, [script, network, batch, frames]).toString());
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1).padStart(9);

console.log(`batch ${batch}, ${frames} frames, MiB\nnetwork          voxloop  PyTorch  ratio`);
for (const network of networks.split(',')) {
  const [a, b] = [ours(network), torch(network)];
  if (a.parameters !== b.parameters)
    throw new Error(`${network}: ${a.parameters} and ${b.parameters} parameters differ`);
  const ratio = (a.keptBytes / b.savedBytes).toFixed(3);
  console.log(`${network.padEnd(14)}${mebibytes(a.keptBytes)}${mebibytes(b.savedBytes)}  ${ratio}`);
}
