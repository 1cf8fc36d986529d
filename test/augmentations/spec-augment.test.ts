import test from 'ava';
import { specAugment, specAugmentOptions } from '../../src/augmentations/spec-augment.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { close } from '../helpers/close.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const ones = float32(new Float32Array(64 * 50 * 20).fill(1), [64, 50, 20]);
const masked = (given: object, step = 0, features = ones): Promise<HostTensor> => {
  const options = specAugmentOptions.parse({ fill: 'zero', ...given });
  return withSession(async (session) => {
    const run = session.compile('mask', (inputs) => ({ y: specAugment(inputs.features, options, 'mask') }));
    return (await run({ features, step })).y;
  });
};

test('masks are whole stripes of at most the stated width, drawn by row and step', async (t) => {
  const { data } = await masked({ probability: 1, timeMasks: 1, timeWidth: 7, frequencyMasks: 1, frequencyWidth: 4 });
  const at = (row: number, frame: number, bin: number) => Number(data[(row * 50 + frame) * 20 + bin]);
  const patterns = Array.from({ length: 64 }, (_, row) => {
    const frames = Array.from({ length: 50 }, (_, frame) => frame).filter((frame) =>
      Array.from({ length: 20 }, (_, bin) => at(row, frame, bin)).every((value) => value === 0),
    );
    const bins = Array.from({ length: 20 }, (_, bin) => bin).filter((bin) =>
      Array.from({ length: 50 }, (_, frame) => at(row, frame, bin)).every((value) => value === 0),
    );
    const zeros = data.subarray(row * 1000, (row + 1) * 1000).filter((value) => Number(value) === 0).length;
    t.is(zeros, frames.length * 20 + bins.length * 50 - frames.length * bins.length, 'nothing but stripes');
    for (const [stripe, most] of [
      [frames, 7],
      [bins, 4],
    ] as const) {
      t.true(
        stripe.length <= most && (stripe.length === 0 || stripe[stripe.length - 1] - stripe[0] === stripe.length - 1),
      );
    }
    return { frames, bins };
  });
  t.deepEqual([...new Set(patterns.map(({ frames }) => frames.length))].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  t.true(new Set(patterns.map((pattern) => JSON.stringify(pattern))).size > 55);
  t.notDeepEqual((await masked({ probability: 1 }, 1)).data, (await masked({ probability: 1 }, 0)).data);
});

test('masks hold the mean of what they leave', async (t) => {
  const features = float32(
    normals(64 * 50 * 20, 'features', 3).map((value) => value + 40),
    [64, 50, 20],
  );
  const [filled, zeroed] = [
    await masked({ probability: 1, fill: 'mean' }, 0, features),
    await masked({ probability: 1 }, 0, features),
  ];
  for (let row = 0; row < 64; row++) {
    const part = ({ data }: HostTensor) => Array.from(data.subarray(row * 1000, (row + 1) * 1000), Number);
    const [full, holes] = [part(filled), part(zeroed)];
    const left = holes.filter((value) => value !== 0);
    const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
    close(
      t,
      full,
      holes.map((value) => (value === 0 ? mean : value)),
      1e-5,
    );
  }
});

test('masks leave all as it is at probability 0, and spare rows by it', async (t) => {
  t.true((await masked({ probability: 0 })).data.every((value) => Number(value) === 1));
  t.true(
    (await masked({ probability: 1, timeWidth: 0, frequencyWidth: 0 })).data.every((value) => Number(value) === 1),
  );
  const all = { probability: 1, timeMasks: 60, timeWidth: 50, fill: 'mean' };
  t.true((await masked(all)).data.every((value) => Number.isFinite(Number(value))));
  const { data } = await masked({ probability: 0.5, timeMasks: 3, frequencyMasks: 3 });
  const spared = Array.from({ length: 64 }, (_, row) => data.subarray(row * 1000, (row + 1) * 1000)).filter((row) =>
    row.every((value) => Number(value) === 1),
  ).length;
  t.true(spared > 18 && spared < 46, `${spared} of 64 rows spared`);
});
