import test, { type ExecutionContext } from 'ava';
import { float32, int32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { embedder, liveIn } from '../helpers/networks/backbone-session.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { exported } from '../helpers/networks/exported.js';
import { runOnnx } from '../helpers/oracles/naive-onnx.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const BINS = 16;
const small = { width: 4, embeddingSize: 3 };

/** Rows and frames, fewest to more than a segment of CAM++, odd and even. */
const SIZES = [
  [2, 8],
  [1, 9],
  [1, 15],
  [2, 21],
  [1, 26],
];
const OVER_SEGMENTS = [
  [1, 200],
  [1, 201],
  [2, 57],
];

/** Embeddings of the ONNX graph, by the definitions of its operators, against those of TensorFlow, in units of their size. */
async function agrees(t: ExecutionContext, name: string, options: Record<string, unknown>, sizes = SIZES) {
  await withSession(async (session) => {
    const scope = createScope(session, 'model', 1);
    const { embed, embeddingSize, minFrames } = (await backboneOf(name, options, BINS))(scope);
    await liveIn(session, scope, name);
    const inputs = sizes.map(([batch, frames]) => ({
      shape: [batch, frames, BINS],
      data: Array.from(normals(batch * frames * BINS, `${name} ${frames}`, 3)),
    }));
    // TensorFlow's all at once, padded, and before the export: its run copies the whole graph, with every trace that is in it.
    const { features, lengths } = padded(inputs);
    const all = (await embedder(session, { embed, embeddingSize })(features, lengths)).data as Float32Array;
    const file = await exported(session, (rows) => embed(rows, { training: false }), {
      bins: BINS,
      embeddingSize,
      minFrames,
    });
    t.deepEqual(file.inputs, [{ name: 'feats', dims: ['B', 'T', BINS] }]);
    t.deepEqual(file.outputs, [{ name: 'embs', dims: ['B', embeddingSize] }]);
    let from = 0;
    for (const input of inputs) {
      const [batch, frames] = input.shape;
      const vectors = all.slice(from, from + batch * embeddingSize);
      from += vectors.length;
      const found = runOnnx(file, input);
      t.deepEqual(found.shape, [batch, embeddingSize]);
      const size = Math.hypot(...vectors) / Math.sqrt(vectors.length);
      const worst = Math.max(...found.data.map((value, i) => Math.abs(value - vectors[i])));
      t.true(worst < 1e-4 * size, `${name} at ${batch} x ${frames}: ${worst} of ${size}`);
    }
  });
}

/** Rows of all inputs, with zeros behind the shorter ones, and their lengths. */
function padded(inputs: readonly { shape: number[]; data: number[] }[]) {
  const longest = Math.max(...inputs.map(({ shape }) => shape[1]));
  const rows = inputs.flatMap(({ shape: [batch, frames], data }) =>
    Array.from({ length: batch }, (_, row) => data.slice(row * frames * BINS, (row + 1) * frames * BINS)),
  );
  const values = new Float32Array(rows.length * longest * BINS);
  rows.forEach((row, i) => {
    values.set(row, i * longest * BINS);
  });
  return {
    features: float32(values, [rows.length, longest, BINS]),
    lengths: int32(rows.map((row) => row.length / BINS)),
  };
}

for (const [name, options] of [
  ['tdnn', small],
  ['ecapa-512', { ...small, width: 8 }],
  ['ecapa-512-glob', { ...small, width: 8 }],
  ['ecapa-lite', { ...small, width: 8 }],
  ['cs-ctcs', small],
  ['pacnet', { acousticBins: 10, width: 2, embeddingSize: 3 }],
  ['adapted', { of: { name: 'tdnn', ...small }, rank: 2 }],
  ['resnet18', small],
  ['resnet50', { ...small, width: 2 }],
  ['repvgg-a0', { ...small, width: 2 }],
  ['df-resnet56', { ...small, width: 2 }],
  ['gemini-df-resnet60', { ...small, width: 2 }],
  ['prev-resnet50', { ...small, width: 2 }],
  ['frev-resnet34', { ...small, width: 2 }],
  ['prev-df-resnet56', { ...small, width: 2 }],
  ['frev-df-resnet56', { ...small, width: 2 }],
] as const) {
  test(`${name} as an ONNX graph gives the same embeddings at any batch and length`, (t) => agrees(t, name, options));
}

test("ECAPA-TDNN in SpeechBrain's arrangement does, from the frames on that can be mirrored", (t) =>
  agrees(t, 'ecapa-512-glob', { ...small, width: 8, arrangement: 'speechbrain' }));

test('x-vector does, from the frames on that its convolutions need', (t) =>
  agrees(t, 'xvector', small, [
    [2, 15],
    [1, 16],
    [1, 22],
    [2, 29],
    [1, 40],
  ]));

test('CAM++ does, within and beyond its segments of 100 frames', (t) =>
  agrees(t, 'campplus', { width: 8, embeddingSize: 3, layers: [1, 2, 1] }, OVER_SEGMENTS));

for (const pooling of [
  'tap',
  'tsdp',
  'astp',
  { name: 'astp', globalContext: true, norm: true },
  { name: 'mhastp', heads: 2 },
  { name: 'mqmhastp', heads: 4 },
]) {
  const title = typeof pooling === 'string' ? pooling : Object.values(pooling).join(' ');
  test(`the pooling ${title} is exported with its backbone`, (t) => agrees(t, 'tdnn', { ...small, width: 8, pooling }));
}
