import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../../../src/embed/onnx/runtime.js';
import { runOnnx } from '../oracles/naive-onnx.js';
import { type NaiveArray, readOnnx } from '../oracles/onnx-file.js';

/** Runs a graph by the definitions of ONNX' operators, with the interface of onnxruntime-node. */
export const standInRuntime: Runtime = {
  InferenceSession: {
    async create(path) {
      const file = readOnnx(readFileSync(path));
      const [input, output] = [file.inputs[0].name, file.outputs[0].name];
      return {
        inputNames: [input],
        outputNames: [output],
        run: async (feeds) => {
          const { data } = runOnnx(file, feeds[input].data as NaiveArray);
          return { [output]: { data: Float32Array.from(data) } };
        },
      };
    },
  },
  Tensor: class {
    data: NaiveArray;
    constructor(_: 'float32', data: Float32Array, dims: readonly number[]) {
      this.data = { shape: [...dims], data: Array.from(data) };
    }
  },
};

/** Puts a package `onnxruntime-node` into the project `dir` that is the stand-in. */
export function installStandIn(dir: string, version = '1.30.0'): void {
  const folder = join(dir, 'node_modules/onnxruntime-node');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'onnxruntime-node', version, main: 'index.js' }));
  const program = `const loaded = import(${JSON.stringify(import.meta.url)}).then((module) => module.standInRuntime);
exports.InferenceSession = { create: async (...args) => (await loaded).InferenceSession.create(...args) };
exports.Tensor = function (type, data, dims) { this.data = { shape: [...dims], data: Array.from(data) }; };
`;
  writeFileSync(join(folder, 'index.js'), program);
}
