import test from 'ava';
import { weightsIdentity } from '../../src/embed/weights-identity.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { smallFeatures } from '../helpers/training/small-training.js';

const digestOf = (weights: Record<string, HostTensor>, origin = 'test') => {
  const backbone = { name: 'tdnn', options: {} };
  const info = { format: 'voxloop-model-1', origin, backbone, features: smallFeatures, embeddingSize: 4 } as const;
  return weightsIdentity({ info, weights }).digest;
};

test('a network is known by its weights: values, shapes and names count, their order and the origin do not', (t) => {
  const [a, b] = [float32(Float32Array.of(1, 2, 3, 4), [2, 2]), float32(Float32Array.of(5))];
  const digest = digestOf({ a, b });
  t.regex(digest, /^[0-9a-f]{64}$/);
  t.is(digestOf({ b, a }, 'renamed'), digest);
  const others: Record<string, HostTensor>[] = [
    { a },
    { a, c: b },
    { a: b, b: a },
    { a: float32(Float32Array.of(1, 2, 3, 4)), b },
    { a, b: float32(Float32Array.of(5.000001)) },
    { a, b: { ...b, dtype: 'int32', data: new Int32Array(b.data.buffer) } as HostTensor },
  ];
  t.is(new Set([digest, ...others.map((weights) => digestOf(weights))]).size, 1 + others.length);
});
