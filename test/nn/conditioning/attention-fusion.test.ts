import test from 'ava';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { attentionFusion } from '../../../src/nn/conditioning/attention-fusion.js';
import { createScope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { checkGradients, checkVariableGradients } from '../../helpers/finite-differences.js';
import { drawWeights } from '../../helpers/networks/draw-weights.js';
import { naiveMatMul, naiveSoftmax } from '../../helpers/oracles/naive-array.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const [ROWS, VOICE, FACE, SIZE] = [3, 4, 2, 5];
const voice = normalTensor([ROWS, VOICE], 'voice');
const face = normalTensor([ROWS, FACE], 'face');
const present = float32([1, 0, 1]);
const numbers = ({ data }: HostTensor) => data as Float32Array;

test('a fusion weighs both maps by the softmax of their scores; without a face it is the map of the voice', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'fusion', 0);
    const layer = attentionFusion(scope, { voice: VOICE, face: FACE, size: SIZE });
    await drawWeights(session);
    const run = session.compile('run', (at: Record<string, Tensor>) => ({ ...layer(at.voice, at.face, at.present) }));
    const { embedding, faceShare } = await run({ voice, face, present });
    const variables = scope.params();
    const saved = await session.save(variables.map(({ name }) => name));
    const affine = (row: number[], name: string) => {
      const [weight, bias] = ['weight', 'bias'].map((part) => numbers(saved[`fusion/${name}/${part}`]));
      return naiveMatMul(1, row.length, bias.length, row, weight).map((value, i) => value + bias[i]);
    };
    for (let row = 0; row < ROWS; row++) {
      const v = Array.from(numbers(voice).subarray(row * VOICE, (row + 1) * VOICE));
      const f = Array.from(numbers(face).subarray(row * FACE, (row + 1) * FACE));
      const [ofVoice, ofFace] = numbers(present)[row] === 1 ? naiveSoftmax(2, affine(v.concat(f), 'score')) : [1, 0];
      const seen = affine(f, 'face');
      const expected = affine(v, 'voice').map((value, i) => ofVoice * value + ofFace * seen[i]);
      close(t, numbers(embedding).subarray(row * SIZE, (row + 1) * SIZE), expected, 1e-5, `row ${row}`);
      t.true(Math.abs(numbers(faceShare)[row] - ofFace) < 1e-6);
    }
    const elsewhere = numbers(face).map((value, i) => (Math.floor(i / FACE) === 1 ? 100 : value));
    const again = await run({ voice, face: float32(elsewhere, [ROWS, FACE]), present });
    t.deepEqual(
      numbers(again.embedding),
      numbers(embedding),
      'what stands in the place of a missing face is not heard',
    );
    const apply = (at: Record<string, Tensor>) => layer(at.voice, at.face, at.present).embedding;
    await checkVariableGradients(t, session, variables, { voice, face, present }, apply);
  });
});

test('both embeddings have a gradient through the fusion', async (t) => {
  const weights = [
    normalTensor([VOICE + FACE, 2], 'score'),
    normalTensor([VOICE, SIZE], 'map'),
    normalTensor([FACE, SIZE], 'other map'),
  ];
  const [score, ofVoice, ofFace] = weights;
  const scope = (tensors: Record<string, Tensor>) => {
    const at = (name: string): unknown => ({
      child: (part: string) => at(part),
      param: (part: string) => ({ read: () => tensors[`${name}/${part}`] }),
    });
    return at('') as Parameters<typeof attentionFusion>[0];
  };
  const bias = (size: number) => normalTensor([size], size);
  const fed = {
    voice,
    face,
    'score/weight': score,
    'score/bias': bias(2),
    'voice/weight': ofVoice,
    'voice/bias': bias(SIZE),
    'face/weight': ofFace,
    'face/bias': bias(SIZE),
  };
  await checkGradients(t, fed, (tensors) => {
    const layer = attentionFusion(scope(tensors), { voice: VOICE, face: FACE, size: SIZE });
    const everywhere = tensors.voice.sum(1).mul(0).add(1) as Tensor;
    return layer(tensors.voice, tensors.face, everywhere).embedding;
  });
});
