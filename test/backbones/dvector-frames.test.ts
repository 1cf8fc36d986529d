import test from 'ava';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { embedder } from '../helpers/networks/backbone-session.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const OPTIONS = { checkpointing: false, layers: 2, pieces: 3, past: 3, future: 2 };
const [BINS, SIZE, FRAMES, CONTEXT] = [4, 5, 9, 6];

testBackbone('dvector-frames', OPTIONS);

test('a d-vector is the mean of the unit vectors of the last maxout layer, worked out in plain arrays', async (t) => {
  const build = await backboneOf('dvector-frames', { ...OPTIONS, embeddingSize: SIZE }, BINS);
  const input = normalTensor([1, FRAMES, BINS], 'x');
  const [vectors, weights] = await withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    const embedded = await embedder(session, backbone)(input);
    return [embedded, await session.save()] as const;
  });
  const x = input.data as Float32Array;
  const values = (name: string) => weights[`network/${name}`].data as Float32Array;
  /** Maxout of the sum over taps and inputs; a kernel is [1, taps, inputs, outputs]. */
  const layer = (name: string, rows: number[][]): number[][] => {
    const [kernel, bias] = [values(`${name}/weight`), values(`${name}/bias`)];
    const [inputs, outputs] = [rows[0].length, bias.length];
    const taps = kernel.length / inputs / outputs;
    return Array.from({ length: rows.length - taps + 1 }, (_, at) =>
      Array.from({ length: outputs / OPTIONS.pieces }, (_, unit) => {
        const pieces = Array.from({ length: OPTIONS.pieces }, (_, piece) => {
          const out = unit * OPTIONS.pieces + piece;
          let sum = bias[out];
          for (let tap = 0; tap < taps; tap++)
            for (let i = 0; i < inputs; i++) sum += rows[at + tap][i] * kernel[(tap * inputs + i) * outputs + out];
          return sum;
        });
        return Math.max(...pieces);
      }),
    );
  };
  const frames = Array.from({ length: FRAMES }, (_, i) => Array.from(x.subarray(i * BINS, (i + 1) * BINS)));
  const hidden = layer('layer2', layer('layer1', frames));
  t.is(hidden.length, FRAMES - CONTEXT + 1);
  const units = hidden.map((row) => row.map((value) => value / Math.hypot(...row)));
  const mean = units[0].map((_, k) => units.reduce((sum, row) => sum + row[k], 0) / units.length);
  close(t, vectors.data as Float32Array, mean, 1e-5);
});
