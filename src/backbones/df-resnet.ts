import {
  batchNormLayer,
  convLayer,
  defineBackbone,
  type Layer,
  maskTime,
  normalisedConv,
  relu,
  type Scope,
  stridedPass,
} from '../index.js';
import { downsamplingOptions, upgradeDownsampling } from './blocks/downsampling.js';
import { plainNetwork, plainOptions, residualBlock, type StridedLayer } from './blocks/plain-network.js';
import { invertedFunction } from './blocks/residual-functions.js';

/** Inner channels of a block in terms of its outer ones. */
const EXPANSION = 4;

/** Strides [time, frequency] in front of each stage; none where there is no convolution between. */
type Strides = readonly ([number, number] | undefined)[];

const HALVING: Strides = [undefined, [2, 2], [2, 2], [2, 2]];
/** Gemini keeps time: frequency is halved four times, time once. */
const GEMINI: Strides = [
  [1, 2],
  [2, 2],
  [1, 2],
  [1, 2],
];

interface Layout {
  name: string;
  /** Blocks of each stage. */
  blocks: number[];
  strides: Strides;
  summary: string;
}

/** Layers, blocks of each stage, and parameters in millions of the two forms; Gemini counts four layers more. */
const sizes = [
  { depth: 56, blocks: [3, 3, 9, 3], plain: 4.69, gemini: 4.05 },
  { depth: 110, blocks: [3, 3, 27, 3], plain: 7.18, gemini: 6.53 },
  { depth: 179, blocks: [3, 8, 45, 3], plain: 9.84, gemini: 9.2 },
  { depth: 233, blocks: [3, 8, 63, 3], plain: 12.33, gemini: 11.68 },
];

/**
 * DF-ResNets: deep and narrow, of inverted bottleneck blocks with depth-wise convolutions, four stages of 32, 64, 128 and 256
 * channels with strided 3x3 convolutions between, normalised and not rectified. The paper leaves their kernel and the number of blocks
 * in the stages open: here 3x3 and those of WeSpeaker's Gemini DF-ResNets, which are the second half of the family.
 *
 * B. Liu, Z. Chen, S. Wang, H. Wang, B. Han, Y. Qian, "DF-ResNet: Boosting Speaker Verification Performance with Depth-First Design",
 * Interspeech 2022; T. Liu, K. A. Lee, Q. Wang, H. Li, "Golden Gemini is All You Need: Finding the Sweet Spots for Speaker
 * Verification", IEEE/ACM TASLP 2024, arXiv:2312.03620.
 */
export default sizes.flatMap(({ depth, blocks, plain, gemini }) => [
  dfResnet({
    name: `df-resnet${depth}`,
    blocks,
    strides: HALVING,
    summary: `DF-ResNet${depth}: depth-wise inverted bottlenecks (${plain} M parameters).`,
  }),
  dfResnet({
    name: `gemini-df-resnet${depth + 4}`,
    blocks,
    strides: GEMINI,
    summary: `Gemini DF-ResNet${depth + 4}: halves time only once (${gemini} M parameters).`,
  }),
]);

function dfResnet({ name, summary, blocks, strides }: Layout) {
  return defineBackbone({
    name,
    summary,
    options: plainOptions.extend(downsamplingOptions),
    upgrade: upgradeDownsampling,
    build(context) {
      const { scope, bins, options } = context;
      const { rectifiedDownsampling: rectified } = options;
      let channels = options.width;
      const layers = blocks.flatMap((count, i): StridedLayer[] => {
        const stage = scope.child(`stage${i + 1}`);
        const [inputs, outputs, stride] = [channels, options.width * 2 ** i, strides[i]];
        channels = outputs;
        const before = stride ? [downsampling(stage.child('downsample'), { inputs, outputs, stride, rectified })] : [];
        return [...before, ...Array.from({ length: count }, (_, k) => block(stage.child(`block${k + 1}`), outputs))];
      });
      const frequencyStride = strides.reduce((product, stride) => product * (stride?.[1] ?? 1), 1);
      return plainNetwork(context, layers, { rows: Math.ceil(bins / frequencyStride), channels });
    },
  });
}

function block(scope: Scope, channels: number): StridedLayer {
  const residual = invertedFunction(scope, { channels, inner: EXPANSION * channels });
  return { layer: residualBlock(residual), stride: 1 };
}

interface DownsamplingShape {
  inputs: number;
  outputs: number;
  stride: [number, number];
  rectified: boolean;
}

function downsampling(scope: Scope, { inputs, outputs, stride, rectified }: DownsamplingShape): StridedLayer {
  const conv = convLayer(scope.child('conv'), { inputs, outputs, kernel: [3, 3], stride });
  const both = normalisedConv(conv, batchNormLayer(scope.child('norm'), outputs));
  const layer: Layer = (x, pass) => {
    const y = maskTime(both(x, pass), stridedPass(pass, stride[0]));
    return rectified ? relu(y) : y;
  };
  return { layer, stride: stride[0] };
}
