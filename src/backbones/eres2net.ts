import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  convLayer,
  defineBackbone,
  type Layer,
  maskTime,
  normalisedConv,
  type Pass,
  relu,
  type Scope,
  stridedPass,
  type Tensor,
  tf,
  z,
} from '../index.js';
import { headLayer, stemLayer } from './blocks/ends.js';

/** Blocks of the stages. */
const BLOCKS = [3, 4, 6, 3];
/** Stages from here on fuse their groups by attention, where the earlier ones add them. */
const FIRST_FUSED = 2;
/** Rectified maps are cut off here. */
const CEILING = 20;
const count = z.number().int().positive();

/** Hidden channels of a fusion: a share of those that it fuses. */
const FUSION_SHARE = 4;

interface Member {
  name: string;
  width: number;
  /** Channels of a group in the first stage, out of 64. */
  groupWidth: number;
  groups: number;
  /** Output channels of a block in terms of its stage's. */
  expansion: number;
  /** Fuses all stages' outputs, or those of the last two. */
  fusion: 'all' | 'last';
  summary: string;
}

const members: Member[] = [
  {
    name: 'eres2net',
    width: 32,
    groupWidth: 32,
    groups: 2,
    expansion: 2,
    fusion: 'all',
    summary: 'ERes2Net: Res2 blocks with local and global feature fusion (6.61 M parameters at 192 dimensions).',
  },
  {
    name: 'eres2net-huge',
    width: 64,
    groupWidth: 24,
    groups: 3,
    expansion: 4,
    fusion: 'all',
    summary: 'ERes2Net with wider blocks of three groups.',
  },
  {
    name: 'eres2net-v2',
    width: 64,
    groupWidth: 26,
    groups: 2,
    expansion: 2,
    fusion: 'last',
    summary: 'ERes2NetV2: fuses the last two stages only.',
  },
];

/**
 * ERes2Nets: residual networks whose blocks send groups of channels one through the other, fused by a small attention in the last two
 * stages; the stages' outputs are fused from the bottom up in the same way. In 3D-Speaker's layout and sizes.
 *
 * Y. Chen, S. Zheng, H. Wang, L. Cheng, Q. Chen, J. Qi, "An Enhanced Res2Net with Local and Global Feature Fusion for Speaker
 * Verification", Interspeech 2023, arXiv:2305.12838; Y. Chen et al., "ERes2NetV2: Boosting Short-Duration Speaker Verification Performance
 * with Computational Efficiency", Interspeech 2024, arXiv:2406.02167.
 */
export default members.map((member) => eres2net(member));

function eres2net({ name, summary, width, groupWidth, groups, expansion, fusion }: Member) {
  return defineBackbone({
    name,
    summary,
    options: z.strictObject({
      ...backboneOptions({ width, embeddingSize: 192 }),
      groupWidth: count.default(groupWidth).describe('channels of a group in terms of its stage, in 64ths'),
      groups: count.min(2).default(groups).describe('groups of channels in a block'),
      expansion: count.default(expansion).describe("output channels of a block in terms of its stage's"),
    }),
    build(context) {
      const { scope, bins, options } = context;
      const stem = stemLayer(scope, options.width);
      const stages = BLOCKS.map((blocks, i) => stageLayer(scope.child(`stage${i + 1}`), i, blocks, options));
      const outputs = BLOCKS.map((_, i) => options.width * 2 ** i * options.expansion);
      const first = fusion === 'all' ? 1 : BLOCKS.length - 1;
      const fusions = outputs.slice(first).map((channels, i) => {
        const at = scope.child(`fusion${first + i + 1}`);
        return { down: downsampling(at.child('down'), outputs[first + i - 1], channels), fuse: fusionOf(at, channels) };
      });
      const head = headLayer(context, Math.ceil(bins / 2 ** (BLOCKS.length - 1)), outputs.at(-1)!);
      return {
        embeddingSize: options.embeddingSize,
        minFrames: 2 ** (BLOCKS.length - 1),
        embed(features, pass) {
          let [x, at] = [stages[0](stem(features, pass), pass), pass];
          let fused = x;
          for (const [i, stage] of stages.entries()) {
            if (i === 0) continue;
            const [below, before] = [i < first ? x : fused, at];
            x = stage(x, before);
            at = stridedPass(before, 2);
            const join = i < first ? undefined : fusions[i - first];
            fused = join ? join.fuse(x, join.down(below, before), at) : x;
          }
          return head(fused, at);
        },
      };
    },
  });
}

interface BlockSizes {
  width: number;
  groupWidth: number;
  groups: number;
  expansion: number;
  checkpointing: boolean;
}

/** Blocks of one stage; the first halves time and frequency, except in the first stage. */
function stageLayer(scope: Scope, stage: number, blocks: number, sizes: BlockSizes): Layer {
  const channels = sizes.width * 2 ** stage;
  const outputs = channels * sizes.expansion;
  const group = Math.floor((channels * sizes.groupWidth) / 64);
  const layers = Array.from({ length: blocks }, (_, i) => {
    const inputs = i > 0 ? outputs : stage > 0 ? outputs / 2 : sizes.width;
    const stride = i === 0 && stage > 0 ? 2 : 1;
    const shape = { inputs, group, groups: sizes.groups, outputs, stride, fused: stage >= FIRST_FUSED };
    const layer = blockLayer(scope.child(`block${i + 1}`), shape);
    return { layer: sizes.checkpointing ? checkpointed(layer) : layer, stride };
  });
  return (x, pass) => {
    let [map, at] = [x, pass];
    for (const { layer, stride } of layers) {
      map = layer(map, at);
      at = stridedPass(at, stride);
    }
    return map;
  };
}

interface BlockShape {
  inputs: number;
  /** Channels of a group. */
  group: number;
  groups: number;
  outputs: number;
  stride: number;
  /** Groups are fused by attention instead of added. */
  fused: boolean;
}

/** A projection into groups, each of which hears the one before it, and a projection back, beside a shortcut. */
function blockLayer(scope: Scope, { inputs, group, groups, outputs, stride, fused }: BlockShape): Layer {
  const strides: [number, number] = [stride, stride];
  const project = (at: string, sizes: { inputs: number; outputs: number; stride?: [number, number] }) =>
    unit(scope.child(at), { kernel: [1, 1], ...sizes });
  const spread = project('spread', { inputs, outputs: group * groups, stride: strides });
  const convs = Array.from({ length: groups }, (_, i) =>
    unit(scope.child(`group${i + 1}`), { inputs: group, outputs: group, kernel: [3, 3] }),
  );
  const fuses = fused ? convs.slice(1).map((_, i) => fusionOf(scope.child(`fusion${i + 2}`), group)) : undefined;
  const gather = project('gather', { inputs: group * groups, outputs });
  const shortcut =
    stride === 1 && inputs === outputs ? undefined : project('shortcut', { inputs, outputs, stride: strides });
  return (x, pass) => {
    const at = stridedPass(pass, stride);
    const parts = tf.split(ceiled(spread(x, pass), at), groups, 3);
    const heard: Tensor[] = [];
    for (const [i, conv] of convs.entries()) {
      const before = heard.at(-1);
      const part = before ? (fuses?.[i - 1](before, parts[i], at) ?? tf.add(before, parts[i])) : parts[i];
      heard.push(ceiled(conv(part, at), at));
    }
    return ceiled(tf.add(gather(tf.concat(heard, 3), at), shortcut ? shortcut(x, pass) : x), at);
  };
}

/** Convolution and normalisation. */
function unit(
  scope: Scope,
  options: { inputs: number; outputs: number; kernel: [number, number]; stride?: [number, number] },
): Layer {
  return normalisedConv(convLayer(scope.child('conv'), options), batchNormLayer(scope.child('norm'), options.outputs));
}

/** Rectified, cut off at the ceiling, and zero behind the ends. */
const ceiled = (x: Tensor, pass: Pass): Tensor => maskTime(tf.minimum(relu(x), CEILING), pass);

/** A 3x3 convolution with a stride of 2 in time and frequency. */
function downsampling(scope: Scope, inputs: number, outputs: number): Layer {
  const conv = convLayer(scope, { inputs, outputs, kernel: [3, 3], stride: [2, 2] });
  return (x, pass) => maskTime(conv(x), stridedPass(pass, 2));
}

/** Two maps of equal shape, weighed in every place by an attention that sees both: x (1 + a) + y (1 - a), a between -1 and 1. */
function fusionOf(scope: Scope, channels: number): (x: Tensor, y: Tensor, pass: Pass) => Tensor {
  const hidden = Math.max(1, Math.floor(channels / FUSION_SHARE));
  const narrow = unit(scope.child('narrow'), { inputs: 2 * channels, outputs: hidden, kernel: [1, 1] });
  const widen = unit(scope.child('widen'), { inputs: hidden, outputs: channels, kernel: [1, 1] });
  return (x, y, pass) => {
    const inner = narrow(tf.concat([x, y], 3), pass);
    const weight = tf.tanh(widen(tf.mul(inner, tf.sigmoid(inner)), pass));
    return tf.add(tf.add(x, y), tf.mul(weight, tf.sub(x, y)));
  };
}
