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

const [FRAMES, BINS] = [64, 8];
const NETWORKS = [
  { name: 'xvector', options: { width: 24, embeddingSize: 4 }, layer: 'frame2', slack: 0.5 },
  { name: 'xvector', options: { width: 24, embeddingSize: 4 }, layer: 'frames', slack: 0.5 },
  { name: 'resnet18', options: { width: 2, embeddingSize: 4 }, layer: 'frames', slack: 2 },
];

for (const { name, options, layer, slack } of NETWORKS)
  test(`${layer} of ${name}: the label is that of the feature frames which the layer's frame hears`, async (t) => {
    const build = await backboneOf(name, options, BINS);
    await withSession(async (session) => {
      const network = build(createScope(session, 'network', 1));
      const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
        y: layerOutputs(network, x, { training: false }).get(layer)!,
      }));
      // Silence, and the same with a click in one frame, for each frame.
      const x = new Float32Array((FRAMES + 1) * FRAMES * BINS);
      for (let frame = 0; frame < FRAMES; frame++)
        x.fill(1, ((frame + 1) * FRAMES + frame) * BINS, ((frame + 1) * FRAMES + frame + 1) * BINS);
      const { y } = await run({ x: float32(x, [FRAMES + 1, FRAMES, BINS]) });
      const [, time, size] = y.shape;
      const middles = middlesOf(time, FRAMES);
      const heard = Array.from({ length: time }, (_, at) => {
        const response = Array.from({ length: FRAMES }, (_, frame) => {
          const from = ((frame + 1) * time + at) * size;
          return Array.from({ length: size }, (_, c) => Math.abs(plain(y)[from + c] - plain(y)[at * size + c])).reduce(
            (a, b) => a + b,
            0,
          );
        });
        const reached = response.flatMap((value, frame) => (value > 1e-9 ? [frame] : []));
        // The middle of what it hears; at the ends of the crop a part of that is padding.
        return reached[0] === 0 || reached.at(-1) === FRAMES - 1 ? undefined : (reached[0] + reached.at(-1)!) / 2;
      });
      const inner = heard.flatMap((middle, at) => (middle === undefined ? [] : [{ middle, at }]));
      if (name === 'xvector') t.true(inner.length > time / 2);
      for (const { middle, at } of inner)
        t.true(Math.abs(middle - middles[at]) <= slack, `${at}: ${middle}, ${middles[at]}`);
      t.is(time, name === 'resnet18' ? FRAMES / 8 : time);
      t.deepEqual([middles[0] >= 0, middles.at(-1)! < FRAMES], [true, true]);
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
