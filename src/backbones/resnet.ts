import { batchNormLayer, convLayer, defineBackbone, type Layer, normalisedConv, type Scope } from '../index.js';
import { plainNetwork, plainOptions, residualBlock, type StridedLayer } from './blocks/plain-network.js';
import { basicFunction, bottleneckFunction } from './blocks/residual-functions.js';

interface Layout {
  name: string;
  bottleneck: boolean;
  /** Blocks of each stage. */
  blocks: number[];
  /** Parameters at 80 bins and 256 dimensions, in words. */
  parameters: string;
}

/** Output channels of a bottleneck block in terms of its inner ones. */
const EXPANSION = 4;

const layouts: Layout[] = [
  { name: 'resnet18', bottleneck: false, blocks: [2, 2, 2, 2], parameters: '4.11 M' },
  { name: 'resnet34', bottleneck: false, blocks: [3, 4, 6, 3], parameters: '6.63 M' },
  { name: 'resnet50', bottleneck: true, blocks: [3, 4, 6, 3], parameters: '11.13 M' },
  { name: 'resnet101', bottleneck: true, blocks: [3, 4, 23, 3], parameters: '15.89 M' },
  { name: 'resnet152', bottleneck: true, blocks: [3, 8, 36, 3], parameters: '19.81 M' },
  { name: 'resnet221', bottleneck: true, blocks: [6, 16, 48, 3], parameters: '23.79 M' },
  { name: 'resnet293', bottleneck: true, blocks: [10, 20, 64, 3], parameters: '28.63 M' },
];

const rvector: Layout = { name: 'rvector', bottleneck: false, blocks: [3, 4, 6, 3], parameters: '5.98 M at 40 bins' };

/**
 * ResNets for speaker recognition: a 3x3 stem, four stages of 32, 64, 128 and 256 channels (four times as many behind bottleneck
 * blocks), strides 1, 2, 2, 2 in time and frequency, pooling of every channel and row, one linear layer.
 *
 * K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385. The r-vector is the
 * ResNet34 of H. Zeinali, S. Wang, A. Silnova, P. Matějka, O. Plchot, "BUT System Description to VoxCeleb Speaker Recognition
 * Challenge 2019", arXiv:1910.12592, fed 40 bins; for the deep ones see Z. Chen et al., "Build a SRE Challenge System: Lessons
 * from VoxSRC 2022 and CNSRC 2022", 2022, arXiv:2211.00815.
 */
export default [...layouts.map((layout) => resnet(layout, summaryOf(layout))), resnet(rvector, rvectorSummary())];

function summaryOf({ name, bottleneck, parameters }: Layout): string {
  const blocks = bottleneck ? 'bottleneck blocks' : 'basic blocks';
  return `ResNet${name.slice('resnet'.length)} over time and frequency, ${blocks} (${parameters} parameters).`;
}

function rvectorSummary(): string {
  return `r-vector: the ResNet34, meant for 40 bins (${rvector.parameters}, Zeinali et al. 2019).`;
}

function resnet({ name, bottleneck, blocks }: Layout, summary: string) {
  return defineBackbone({
    name,
    summary,
    options: plainOptions,
    build(context) {
      const { scope, bins, options } = context;
      let channels = options.width;
      const layers = blocks.flatMap((count, stage) =>
        Array.from({ length: count }, (_, i): StridedLayer => {
          const at = scope.child(`stage${stage + 1}`).child(`block${i + 1}`);
          const stride = i === 0 && stage > 0 ? 2 : 1;
          const inner = options.width * 2 ** stage;
          const shape = { inputs: channels, inner, outputs: bottleneck ? EXPANSION * inner : inner, stride };
          channels = shape.outputs;
          const residual = bottleneck ? bottleneckFunction(at, shape) : basicFunction(at, shape);
          return { layer: residualBlock(residual, stride, shortcutOf(at, shape)), stride };
        }),
      );
      const rows = Math.ceil(bins / 2 ** (blocks.length - 1));
      return plainNetwork(context, layers, { rows, channels });
    },
  });
}

/** A projection where a block changes the shape. */
function shortcutOf(
  scope: Scope,
  { inputs, outputs, stride }: { inputs: number; outputs: number; stride: number },
): Layer | undefined {
  if (inputs === outputs && stride === 1) return undefined;
  const at = scope.child('shortcut');
  const conv = convLayer(at.child('conv'), { inputs, outputs, kernel: [1, 1], stride: [stride, stride] });
  return normalisedConv(conv, batchNormLayer(at.child('norm'), outputs));
}
