import test, { type ExecutionContext } from 'ava';
import { float32 } from '../../src/host-tensor.js';
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
    const file = await exported(session, (rows) => embed(rows, { training: false }), {
      bins: BINS,
      embeddingSize,
      minFrames,
    });
    t.deepEqual(file.inputs, [{ name: 'feats', dims: ['B', 'T', BINS] }]);
    t.deepEqual(file.outputs, [{ name: 'embs', dims: ['B', embeddingSize] }]);
    const run = embedder(session, { embed, embeddingSize });
    for (const [batch, frames] of sizes) {
      const shape = [batch, frames, BINS];
      const values = Float32Array.from(normals(batch * frames * BINS, `${name} ${frames}`, 3));
      const expected = await run(float32(values, shape));
      const vectors = expected.data as Float32Array;
      const found = runOnnx(file, { shape, data: Array.from(values) });
      t.deepEqual(found.shape, expected.shape);
      const size = Math.hypot(...vectors) / Math.sqrt(vectors.length);
      const worst = Math.max(...found.data.map((value, i) => Math.abs(value - vectors[i])));
      t.true(worst < 1e-4 * size, `${name} at ${batch} x ${frames}: ${worst} of ${size}`);
    }
  });
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
