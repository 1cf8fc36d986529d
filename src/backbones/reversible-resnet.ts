import { defineBackbone, type Scope } from '../index.js';
import { fullyReversible } from './blocks/fully-reversible.js';
import {
  convTransition,
  meanTransition,
  partiallyReversible,
  type TransitionStage,
} from './blocks/partially-reversible.js';
import { basicFunction, bottleneckFunction } from './blocks/residual-functions.js';
import { LAST_SCALE, type ReversibleStage, reversibleOptions } from './blocks/reversible-blocks.js';

interface Layout {
  /** Layers of the plain network. */
  depth: number;
  bottleneck: boolean;
  partial: { blocks: number[]; millions: number };
  /** `inner` channels of the bottlenecks and `exit` channels, in terms of the width; a stage without `inner` has basic functions. */
  full: { blocks: number[]; inner: (number | undefined)[]; exit: number; millions: number };
}

/** Bottleneck widths of the plain networks. */
const INNER = [1, 2, 4, 8];
/** Output channels of a bottleneck in terms of its inner ones, in plain and partially reversible networks. */
const EXPANSION = 4;

/** Blocks of each stage such that the parameters are within 2.5 % of the plain network's. */
const layouts: Layout[] = [
  {
    depth: 34,
    bottleneck: false,
    partial: { blocks: [2, 2, 3, 1], millions: 6.59 },
    full: { blocks: [2, 2, 3, 1], inner: [undefined, 2, 4, 6], exit: 8, millions: 6.58 },
  },
  {
    depth: 50,
    bottleneck: true,
    partial: { blocks: [2, 2, 3, 1], millions: 10.9 },
    full: { blocks: [2, 2, 3, 1], inner: INNER, exit: 20, millions: 11.13 },
  },
  {
    depth: 101,
    bottleneck: true,
    partial: { blocks: [1, 2, 12, 1], millions: 15.91 },
    full: { blocks: [1, 2, 12, 2], inner: INNER, exit: 8, millions: 15.89 },
  },
  {
    depth: 152,
    bottleneck: true,
    partial: { blocks: [2, 4, 18, 1], millions: 19.59 },
    full: { blocks: [2, 4, 18, 1], inner: INNER, exit: 20, millions: 19.75 },
  },
  {
    depth: 221,
    bottleneck: true,
    partial: { blocks: [3, 8, 24, 1], millions: 23.55 },
    full: { blocks: [3, 8, 24, 2], inner: INNER, exit: 10, millions: 23.9 },
  },
  {
    depth: 293,
    bottleneck: true,
    partial: { blocks: [5, 10, 32, 1], millions: 28.38 },
    full: { blocks: [5, 10, 32, 2], inner: INNER, exit: 10, millions: 28.64 },
  },
];

/**
 * Reversible ResNets for speaker recognition. Both functions of a reversible block are
 * those of the plain network's blocks, so that half the blocks make the same depth and nearly the same number of parameters.
 * Partially reversible ("prev-"): each stream has the plain network's channels. Fully reversible ("frev-"): squeezes instead of
 * strides make streams of 1, 4, 16 and 64 times the width, with bottlenecks in them.
 *
 * A. N. Gomez, M. Ren, R. Urtasun, R. B. Grosse, "The Reversible Residual Network: Backpropagation Without Storing Activations", NIPS
 * 2017, arXiv:1707.04585; for speakers: B. Liu, Y. Qian, "Memory-Efficient Training for Deep Speaker Embedding Learning in Speaker
 * Verification", arXiv:2412.01195, 2024. Layouts are ours.
 */
export default layouts.flatMap((layout) => [partial(layout), full(layout)]);

function partial({ depth, bottleneck, partial: { blocks, millions } }: Layout) {
  return defineBackbone({
    name: `prev-resnet${depth}`,
    summary: `Partially reversible ResNet${depth}: memory grows with stages, not blocks (${millions} M parameters).`,
    options: reversibleOptions,
    build(context) {
      const { width } = context.options;
      const stages = blocks.map((count, i) =>
        bottleneck ? bottleneckStage(width, i, count) : basicStage(width, i, count),
      );
      return partiallyReversible(context, stages);
    },
  });
}

function basicStage(width: number, i: number, count: number): TransitionStage {
  const channels = width * 2 ** i;
  return {
    channels,
    count,
    residual: basic(channels),
    transition: i === 0 ? undefined : (scope) => convTransition(scope, { inputs: channels / 2, outputs: channels }),
  };
}

function bottleneckStage(width: number, i: number, count: number): TransitionStage {
  const inner = width * INNER[i];
  const channels = EXPANSION * inner;
  return {
    channels,
    count,
    residual: bottleneck(channels, inner),
    transition: (scope) =>
      i === 0 ? meanTransition(scope, width, channels, 1) : meanTransition(scope, channels / 2, channels, 2),
  };
}

function full({ depth, full: { blocks, inner, exit, millions } }: Layout) {
  return defineBackbone({
    name: `frev-resnet${depth}`,
    summary: `Fully reversible ResNet${depth}: memory does not grow with depth (${millions} M parameters).`,
    options: reversibleOptions,
    build(context) {
      const { width } = context.options;
      const stages = blocks.map((count, i): ReversibleStage => {
        const channels = width * 4 ** i;
        const times = inner[i];
        return { count, residual: times === undefined ? basic(channels) : bottleneck(channels, times * width) };
      });
      return fullyReversible(context, stages, exit * width);
    },
  });
}

const basic = (channels: number) => (scope: Scope) =>
  basicFunction(scope, { inputs: channels, outputs: channels, lastScale: LAST_SCALE });

const bottleneck = (channels: number, inner: number) => (scope: Scope) =>
  bottleneckFunction(scope, { inputs: channels, inner, outputs: channels, lastScale: LAST_SCALE });
