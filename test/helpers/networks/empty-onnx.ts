import { writeFileSync } from 'node:fs';
import { modelMessage } from '../../../src/onnx/proto.js';
import { smallFeatures } from '../training/small-training.js';

/** What a tiny model's export says of itself. */
export const exportDescription = {
  format: 'voxloop-onnx-1',
  model: {
    format: 'voxloop-model-1',
    origin: 'test',
    backbone: { name: 'tdnn', options: {} },
    features: smallFeatures,
    embeddingSize: 2,
  },
  hears: 'speech at -40 to -16 dB, dither of one bit',
  digests: { file: 'a'.repeat(64), weights: 'b'.repeat(64) },
  // 1 and -2 as float32.
  mean: 'AACAPwAAAMA=',
  input: 'features',
  weights: 'float32',
  subtractsMean: false,
  minFrames: 3,
};

/** Writes an ONNX file without nodes and with these metadata. */
export function writeEmptyOnnx(path: string, metadata: Record<string, string>): string {
  const graph = { name: 'empty', nodes: [], tensors: [], inputs: [], outputs: [] };
  const { pieces } = modelMessage({ opset: 14, producer: { name: 'test', version: '1' }, graph, metadata });
  writeFileSync(path, Buffer.concat(pieces));
  return path;
}
