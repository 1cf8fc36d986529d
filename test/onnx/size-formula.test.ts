import test from 'ava';
import fc from 'fast-check';
import { fitSize, type Sizes, sizeAt } from '../../src/onnx/size-formula.js';

const samples: Sizes[] = [1, 2, 3, 61, 97, 200, 201, 643, 2003, 4799, 4800, 4801].map((frames, i) => ({
  frames,
  batch: 2 + ((i * 5) % 7),
}));

/** The formula found for a size, at sizes that it was not found from. */
function foretells(size: (sizes: Sizes) => number): boolean {
  const found = fitSize(samples.map(size), samples);
  if (found === undefined) return false;
  return Array.from({ length: 1500 }, (_, i) => ({ frames: i + 1, batch: 1 + (i % 9) })).every(
    (sizes) => sizeAt(found, sizes) === size(sizes),
  );
}

test('sizes behind strides are found: rounded up, rounded down, without the edges', (t) => {
  for (const stride of [1, 2, 3, 4, 5, 8, 10, 16, 100, 200]) {
    t.true(
      foretells(({ frames }) => Math.ceil(frames / stride)),
      `up, ${stride}`,
    );
    t.true(
      foretells(({ frames }) => Math.floor(frames / stride)),
      `down, ${stride}`,
    );
  }
  t.true(foretells(({ frames }) => Math.floor((frames - 1) / 2) + 1));
  t.true(foretells(({ frames }) => frames + 14));
});

test('whole segments, sizes of all rows, and lower bounds are found', (t) => {
  t.true(foretells(({ frames }) => 100 * Math.ceil(Math.ceil(frames / 2) / 100)));
  t.true(foretells(({ batch }) => batch));
  t.true(foretells(({ batch }) => 6 * batch));
  t.true(foretells(({ batch, frames }) => batch * Math.ceil(frames / 4)));
  t.true(foretells(({ frames }) => Math.max(frames - 1, 1)));
  t.true(foretells(() => 7));
});

test('strides one behind another are found', (t) => {
  const strides = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
  const behind = (list: number[]) => (sizes: Sizes) =>
    list.reduce((size, stride) => Math.ceil(size / stride), sizes.frames);
  t.notThrows(() =>
    fc.assert(
      fc.property(strides, (list) => foretells(behind(list))),
      { numRuns: 50, seed: 1 },
    ),
  );
});

test('what follows no formula is not taken for one', (t) => {
  for (const size of [
    ({ frames }: Sizes) => frames * frames,
    ({ frames }: Sizes) => frames % 7,
    ({ batch }: Sizes) => batch * batch,
    ({ frames }: Sizes) => Math.round(Math.sqrt(frames)),
  ]) {
    t.is(fitSize(samples.map(size), samples), undefined);
  }
});
