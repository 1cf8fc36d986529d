import test from 'ava';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32, int32 } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { layerOutputs } from '../../../src/nn/taps.js';
import { atLayer, distributionsOf, middlesOf, sharesOf } from '../../../src/train/objectives/label-frames.js';
import { close } from '../../helpers/close.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { withSession } from '../../helpers/session.js';
import { plain } from '../../helpers/training/open-loss.js';

const BINS = 8;
/** As many frames as the middle ones of a layer need to hear nothing beyond the crop; rectifiers may stop a click at the edge of what is heard. */
const NETWORKS = [
  { name: 'xvector', options: { width: 24, embeddingSize: 4 }, layer: 'frame2', frames: 64, stride: 1, slack: 0.5 },
  { name: 'xvector', options: { width: 24, embeddingSize: 4 }, layer: 'frames', frames: 64, stride: 1, slack: 0.5 },
  { name: 'resnet18', options: { width: 2, embeddingSize: 4 }, layer: 'frames', frames: 160, stride: 8, slack: 2 },
];

for (const { name, options, layer, frames, stride, slack } of NETWORKS)
  test(`${layer} of ${name}: the label is that of the feature frames which the layer's frame hears`, async (t) => {
    const build = await backboneOf(name, options, BINS);
    await withSession(async (session) => {
      const network = build(createScope(session, 'network', 1));
      const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
        y: layerOutputs(network, x, { training: false }).get(layer)!,
      }));
      // Silence, and the same with a click in one frame, for each frame.
      const x = new Float32Array((frames + 1) * frames * BINS);
      for (let frame = 0; frame < frames; frame++)
        x.fill(1, ((frame + 1) * frames + frame) * BINS, ((frame + 1) * frames + frame + 1) * BINS);
      const { y } = await run({ x: float32(x, [frames + 1, frames, BINS]) });
      const [, time, size] = y.shape;
      const values = plain(y);
      const middles = middlesOf(time, frames);
      /** What a frame of the layer gives otherwise when there is a click in a frame of the features. */
      const response = (at: number, frame: number): number => {
        const from = ((frame + 1) * time + at) * size;
        let sum = 0;
        for (let c = 0; c < size; c++) sum += Math.abs(values[from + c] - values[at * size + c]);
        return sum;
      };
      let inner = 0;
      for (let at = 0; at < time; at++) {
        const reached = [...Array(frames).keys()].filter((frame) => response(at, frame) > 1e-9);
        // At the ends of the crop a part of what it hears is padding.
        if (reached[0] === 0 || reached.at(-1) === frames - 1) continue;
        inner++;
        const middle = (reached[0] + reached.at(-1)!) / 2;
        t.true(Math.abs(middle - middles[at]) <= slack, `${at}: ${middle}, ${middles[at]}`);
      }
      t.true(inner >= time / 4, `${inner} of ${time} frames lie within the crop`);
      t.true(middles.every((middle, at) => at === 0 || middle - middles[at - 1] === stride));
      t.true(middles[0] >= 0 && middles.at(-1)! < frames);
    });
  });

test('classes become distributions, at the frames of a layer or as shares of a crop; what is unknown counts nowhere', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ labels }: Record<string, Tensor>) => {
      const known = distributionsOf(labels, 3);
      return {
        all: known,
        atLayer: atLayer(known, 2),
        shares: sharesOf(known),
        sum: tf.sum(sharesOf(known), 1) as Tensor,
      };
    });
    const { atLayer: slow, shares, sum } = await run({ labels: int32([0, -1, 2, 2, -1, -1, -1, -1], [2, 4]) });
    close(t, plain(slow), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 0, 'every second');
    close(t, plain(shares), [1 / 3, 0, 2 / 3, 0, 0, 0], 1e-6, 'shares');
    close(t, plain(sum), [1, 0], 1e-6, 'a soft label sums to 1');
  });
});
