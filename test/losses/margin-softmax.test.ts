import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import aamSoftmax from '../../src/losses/aam-softmax.js';
import amSoftmax from '../../src/losses/am-softmax.js';
import { close } from '../helpers/close.js';
import { centerLosses, marginSoftmaxLosses, movedCenters } from '../helpers/oracles/class-losses.js';
import { rowsOf, transposed } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { matrix, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const BATCH = 30;
const CLASSES = 9;
const labels = Array.from({ length: BATCH }, (_, i) => i % CLASSES);
const x = normalTensor([BATCH, SIZE], 'x', 2);
const weights = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, normalTensor([SIZE, CLASSES], name)]));

test('additive margin softmax agrees with the formula, without margin too', async (t) => {
  await withSession(async (session) => {
    const { load, run } = openLoss(session, amSoftmax, { margin: 0.3, scale: 8 }, CLASSES);
    const initial = weights('prototypes');
    await load(initial);
    const prototypes = [transposed(rows(initial.prototypes))];
    for (const share of [1, 0.5, 0]) {
      const result = await run({ x, labels, margin: share });
      const expected = (margin: number) =>
        marginSoftmaxLosses(rows(x), prototypes, labels, { kind: 'additive', margin, scale: 8 });
      close(t, plain(result.losses), expected(0.3 * share), 1e-5, `margin share ${share}`);
      close(t, plain(result.plain), expected(0), 1e-5, 'plain');
    }
  });
});

for (const [kind, plugin] of [
  ['additive', amSoftmax],
  ['angular', aamSoftmax],
] as const) {
  test(`${kind}: sub-centers, the nearest wrong classes and the centre, all at once`, async (t) => {
    await withSession(async (session) => {
      const options = {
        margin: 0.2,
        scale: 8,
        subCenters: 3,
        center: 0.5,
        interTopK: { classes: 3, margin: 0.06 },
      };
      const { load, run, variables } = openLoss(session, plugin, options, CLASSES);
      t.deepEqual(Object.keys(variables), ['prototypes', 'prototypes-2', 'prototypes-3'], 'centres are not trained');
      const initial = weights('prototypes', 'prototypes-2', 'prototypes-3');
      const centers = normalTensor([CLASSES, SIZE], 'centers');
      await load({ ...initial, centers });
      const prototypes = Object.values(initial).map((each) => transposed(rows(each)));
      for (const share of [1, 0.3, 0]) {
        const expected = marginSoftmaxLosses(rows(x), prototypes, labels, {
          kind,
          margin: 0.2 * share,
          scale: 8,
          nearest: { classes: 3, margin: 0.06 * share },
        });
        const result = await run({ x, labels, margin: share });
        close(t, plain(result.losses), expected, 1e-5, `margin share ${share}`);
        const apart = centerLosses(rows(x), rows(centers), labels).map((loss) => 0.5 * loss);
        close(t, plain(result.beside), apart, 1e-5, 'beside what a gate judges');
        if (share === 0) close(t, plain(result.plain), expected, 1e-6, 'plain');
      }
    });
  });
}

test('centres follow the samples that count, as fast as they are told', async (t) => {
  for (const [options, alpha] of [
    [{}, 0.5],
    [{ centerRate: 0.2 }, 0.2],
  ] as const)
    await withSession(async (session) => {
      const { load, note } = openLoss(session, amSoftmax, { center: 0.01, ...options }, CLASSES);
      const centers = normalTensor([CLASSES, SIZE], 'centers');
      await load({ centers });
      // Class 1 has no sample that counts, class 8 no sample at all.
      const own = labels.map((label) => label % 8);
      const counted = own.map((label, i) => label !== 1 && i % 3 > 0);
      await note(x, own, counted);
      const { 'head/centers': moved } = await session.save(['head/centers']);
      const expected = movedCenters(rows(x), rows(centers), own, { alpha, counted });
      close(t, plain(moved), expected.flat(), 1e-6);
      for (const still of [1, 8]) t.deepEqual(rows(moved)[still], rows(centers)[still]);
    });
});

test('a wrong class at an angle below the margin goes on counting more', async (t) => {
  await withSession(async (session) => {
    const { load, run } = openLoss(session, aamSoftmax, { margin: 0, scale: 4, interTopK: { margin: 0.5 } }, 2);
    await load({ prototypes: float32([0, 1, 1, 0, 0, 0, 0, 0], [SIZE, 2]) });
    // Label 0 lies at a right angle or more; class 1 gets nearer and nearer.
    const angles = [0.7, 0.51, 0.49, 0.3, 0.1, 0];
    const turned = matrix(angles.map((angle) => [Math.cos(angle), 0, Math.sin(angle), 0]));
    const losses = plain((await run({ x: turned, labels: angles.map(() => 0) })).losses);
    t.deepEqual(
      [...losses].sort((a, b) => a - b),
      [...losses],
    );
    const prototypes = [
      [
        [0, 1, 0, 0],
        [1, 0, 0, 0],
      ],
    ];
    const nearest = { classes: 1, margin: 0.5 };
    const expected = marginSoftmaxLosses(
      rows(turned),
      prototypes,
      angles.map(() => 0),
      {
        kind: 'angular',
        margin: 0,
        scale: 4,
        nearest,
      },
    );
    close(t, losses, expected, 1e-5);
  });
});

test('more nearest classes than there are wrong ones: all of them', async (t) => {
  await withSession(async (session) => {
    const { load, run } = openLoss(session, amSoftmax, { scale: 8, interTopK: { classes: 50 } }, 3);
    const prototypes = normals(SIZE * 3, 'few');
    await load({ prototypes: float32(prototypes, [SIZE, 3]) });
    const own = labels.map((label) => label % 3);
    const nearest = { classes: 2, margin: 0.06 };
    const options = { kind: 'additive', margin: 0.2, scale: 8, nearest } as const;
    const expected = marginSoftmaxLosses(rows(x), [transposed(rowsOf(prototypes, 3))], own, options);
    close(t, plain((await run({ x, labels: own })).losses), expected, 1e-5);
  });
});
