import { featureDefinition } from '../../../src/audio/features/features.js';
import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { networkToOnnx, type OnnxExport } from '../../../src/onnx/network-to-onnx.js';
import { type OnnxFile, readOnnx } from '../oracles/onnx-file.js';

/** A network over features of so many bins as an ONNX file, read again; `changes` to WeSpeaker's names, features and float32. */
export async function exported(
  session: Session,
  embed: (features: Tensor) => Tensor,
  { bins = 16, ...changes }: Partial<OnnxExport> & { bins?: number } = {},
): Promise<OnnxFile> {
  const { pieces } = await networkToOnnx(session, embed, {
    features: featureDefinition.parse({ bins }),
    embeddingSize: 3,
    names: { input: 'feats', output: 'embs' },
    input: 'features',
    weights: 'float32',
    metadata: {},
    producerVersion: '0',
    ...changes,
  });
  return readOnnx(Buffer.concat(pieces));
}
