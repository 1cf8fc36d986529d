import { defineBackbone, type Scope, z } from '../index.js';
import { downsamplingOptions, upgradeDownsampling } from './blocks/downsampling.js';
import { fullyReversible } from './blocks/fully-reversible.js';
import { convTransition, partiallyReversible } from './blocks/partially-reversible.js';
import { type InvertedShape, invertedFunction } from './blocks/residual-functions.js';
import { LAST_SCALE, reversibleOptions } from './blocks/reversible-blocks.js';

/** Inner channels: of a plain block in terms of its outer ones, of every fully reversible block in terms of the width. */
const EXPANSION = 4;
/** Channels behind a fully reversible network's streams, in terms of the width. */
const EXIT = 8;

/** Blocks of each stage such that the parameters are within 2.5 % of the plain network's. */
const layouts = [
  { depth: 56, partial: { blocks: [1, 2, 5, 1], millions: 4.71 }, full: { blocks: [2, 2, 4, 1], millions: 4.67 } },
  { depth: 110, partial: { blocks: [1, 2, 14, 1], millions: 7.19 }, full: { blocks: [2, 1, 14, 1], millions: 7.28 } },
  { depth: 179, partial: { blocks: [2, 4, 23, 1], millions: 9.84 }, full: { blocks: [2, 3, 23, 1], millions: 9.82 } },
  { depth: 233, partial: { blocks: [2, 4, 32, 1], millions: 12.32 }, full: { blocks: [2, 4, 32, 1], millions: 12.3 } },
];

/**
 * Reversible DF-ResNets: both functions of a reversible block are inverted bottlenecks.
 * Partially reversible ("prev-"): each stream has the plain network's channels. Fully reversible ("frev-"): squeezes instead of
 * strides make streams of 1, 4, 16 and 64 times the width, and every function has the inner channels of the plain network's
 * first stage, which makes the same number of point-wise weights.
 *
 * A. N. Gomez, M. Ren, R. Urtasun, R. B. Grosse, "The Reversible Residual Network: Backpropagation Without Storing Activations", NIPS
 * 2017, arXiv:1707.04585; for speakers: B. Liu, Y. Qian, "Memory-Efficient Training for Deep Speaker Embedding Learning in Speaker
 * Verification", arXiv:2412.01195, 2024. Layouts are ours.
 */
export default layouts.flatMap(({ depth, partial, full }) => [
  defineBackbone({
    name: `prev-df-resnet${depth}`,
    summary: `Partially reversible DF-ResNet${depth}: memory grows with stages, not blocks (${partial.millions} M parameters).`,
    options: z.strictObject({ ...reversibleOptions.shape, ...downsamplingOptions }),
    upgrade: upgradeDownsampling,
    build(context) {
      const { width, recompute, rectifiedDownsampling: rectified } = context.options;
      const stages = partial.blocks.map((count, i) => {
        const channels = width * 2 ** i;
        const branches = Math.max(EXPANSION / 2 ** i, 1);
        const residual = inverted({ channels, inner: EXPANSION * channels, branches, stored: !recompute });
        const shape = { inputs: channels / 2, outputs: channels, rectified };
        const transition = i === 0 ? undefined : (scope: Scope) => convTransition(scope, shape);
        return { channels, count, residual, transition };
      });
      return partiallyReversible(context, stages);
    },
  }),
  defineBackbone({
    name: `frev-df-resnet${depth}`,
    summary: `Fully reversible DF-ResNet${depth}: memory does not grow with depth (${full.millions} M parameters).`,
    options: reversibleOptions,
    build(context) {
      const { width, recompute } = context.options;
      const stages = full.blocks.map((count, i) => {
        const branches = i === 0 ? EXPANSION : 1;
        const shape = { channels: width * 4 ** i, inner: EXPANSION * width, branches, stored: !recompute };
        return { count, residual: inverted(shape) };
      });
      return fullyReversible(context, stages, EXIT * width);
    },
  }),
]);

/** Where the inner maps would be larger than a stream of the first stage, they are computed in branches of that size. */
const inverted = (shape: InvertedShape) => (scope: Scope) =>
  invertedFunction(scope, { ...shape, lastScale: LAST_SCALE });
