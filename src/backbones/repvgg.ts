import {
  type BatchNorm,
  backboneOptions,
  batchNormLayer,
  checkpointed,
  conv2d,
  defineBackbone,
  denseLayer,
  heNormal,
  type Layer,
  maskTime,
  relu,
  type Scope,
  stridedPass,
  type Tensor,
  tf,
  z,
} from '../index.js';

/** Blocks and first stride of each stage, and its channels in terms of the first's. */
const STAGES = [
  { blocks: 1, stride: 1, times: 1 },
  { blocks: 3, stride: 1, times: 1 },
  { blocks: 4, stride: 2, times: 2 },
  { blocks: 23, stride: 2, times: 4 },
  { blocks: 3, stride: 2, times: 8 },
];
const STRIDE = STAGES.reduce((product, { stride }) => product * stride, 1);

/**
 * RepVGG in the small, deep form that WeSpeaker calls TINY_A0. In training a block adds a 3x3 convolution, a 1x1 convolution and
 * the identity, all normalised; in inference it is a single 3x3 convolution with the same result. 6,833,792 parameters in
 * training and 6,264,352 fused, at 80 bins and 256 dimensions.
 *
 * X. Ding, X. Zhang, N. Ma, J. Han, G. Ding, J. Sun, "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021, arXiv:2101.03697.
 */
export default defineBackbone({
  name: 'repvgg-a0',
  summary:
    'RepVGG (TINY_A0): three branches a block in training, one 3x3 convolution in inference (6.26 M parameters then).',
  options: z.strictObject({
    ...backboneOptions({ width: 32, embeddingSize: 256 }),
    fused: z
      .boolean()
      .default(true)
      .describe('run a block as one convolution in inference, which gives the same result'),
  }),
  build({ scope, bins, options: { width, embeddingSize, checkpointing, fused }, pooling }) {
    let inputs = 1;
    const blocks = STAGES.flatMap(({ blocks, stride: first, times }, stage) =>
      Array.from({ length: blocks }, (_, i) => {
        const shape = { inputs, outputs: width * times, stride: i === 0 ? first : 1, fused };
        inputs = shape.outputs;
        const layer = block(scope.child(`stage${stage}`).child(`block${i + 1}`), shape);
        return { stride: shape.stride, layer: checkpointing ? checkpointed(layer) : layer };
      }),
    );
    const rows = Math.ceil(bins / STRIDE);
    const { size, pool } = pooling(scope.child('pooling'), inputs * rows);
    const embedding = denseLayer(scope.child('embedding'), { inputs: size, outputs: embeddingSize });
    return {
      embeddingSize,
      minFrames: STRIDE,
      embed(features, pass) {
        let at = pass;
        let x: Tensor = tf.expandDims(features, 3);
        for (const { stride, layer } of blocks) {
          at = stridedPass(at, stride);
          x = layer(x, at);
        }
        return embedding(pool(tf.reshape(x, [x.shape[0], x.shape[1]!, rows * inputs]), at));
      },
    };
  },
});

interface BlockShape {
  inputs: number;
  outputs: number;
  stride: number;
  fused: boolean;
}

/** One of a block's parts: a linear map as a 3x3 kernel [3, 3, inputs, outputs], and its normalisation. */
interface Branch {
  apply(x: Tensor): Tensor;
  kernel(): Tensor;
  norm: BatchNorm;
}

function block(scope: Scope, { inputs, outputs, stride, fused }: BlockShape): Layer {
  const branches = [convBranch(scope.child('conv3'), 3, inputs, outputs, stride)];
  branches.push(convBranch(scope.child('conv1'), 1, inputs, outputs, stride));
  if (inputs === outputs && stride === 1) branches.push(identityBranch(scope.child('identity'), outputs));
  const sum = (tensors: Tensor[]): Tensor => tensors.reduce((total, tensor) => tf.add(total, tensor));
  return (x, pass) => {
    if (pass.training || !fused)
      return maskTime(relu(sum(branches.map(({ apply, norm }) => norm(apply(x), pass)))), pass);
    const parts = branches.map(({ kernel, norm }) => ({ kernel: kernel(), ...norm.folded() }));
    const kernel = sum(parts.map(({ kernel, scale }) => tf.mul(kernel, scale)));
    const offset = sum(parts.map(({ offset }) => offset));
    return maskTime(relu(tf.add(conv2d(x, kernel, { stride: [stride, stride], pad: [1, 1] }), offset)), pass);
  };
}

function convBranch(scope: Scope, size: 1 | 3, inputs: number, outputs: number, stride: number): Branch {
  const weight = scope.param('weight', [size, size, inputs, outputs], heNormal);
  const pad = (size - 1) / 2;
  return {
    norm: batchNormLayer(scope.child('norm'), outputs),
    apply: (x) => conv2d(x, weight.read(), { stride: [stride, stride], pad: [pad, pad] }),
    kernel: () => (size === 3 ? weight.read() : centred(weight.read())),
  };
}

function identityBranch(scope: Scope, channels: number): Branch {
  return {
    norm: batchNormLayer(scope.child('norm'), channels),
    apply: (x) => x,
    kernel: () => centred(tf.reshape(tf.eye(channels), [1, 1, channels, channels])),
  };
}

/** A 1x1 kernel as the centre of a 3x3 one. */
const centred = (kernel: Tensor): Tensor =>
  tf.pad(kernel, [
    [1, 1],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
