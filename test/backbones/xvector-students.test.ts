import { fileURLToPath } from 'node:url';
import test from 'ava';
import { z } from 'zod';
import { builtIns } from '../../src/builtins.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { loadConfig } from '../../src/pipeline/config/config.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';

const BINS = 40;
const TEACHER = 4_508_124;

/** Width, channels of the last frame-level layer, size of the target, parameters, and how much smaller than the teacher, in percent. */
const students: Record<string, [w: number, s: number, e: number, parameters: number, smaller: number]> = {
  utterance: [128, 256, 512, 436_480, 90.3],
  smallest: [128, 128, 512, 288_896, 93.6],
  segments: [128, 128, 1024, 420_480, 90.7],
  frames: [128, 128, 1500, 542_812, 88],
  'frames-utterance': [128, 128, 2012, 674_396, 85],
  concatenated: [192, 192, 2012, 1_108_892, 75.4],
};

/** Shapes of the trained weights in order: five convolutions over time with the x-vector's contexts, and a linear layer. */
function shapesOf(w: number, s: number, e: number): number[][] {
  const convolutions = [
    [5, BINS, w],
    [3, w, w],
    [3, w, w],
    [1, w, w],
    [1, w, s],
  ];
  const shapes = convolutions.flatMap(([kernel, inputs, outputs]) => [[1, kernel, inputs, outputs], [outputs]]);
  return shapes.concat([[2 * s, e], [e]]);
}

test('the x-vector at 40 bins has the size of the students’ teacher', async (t) => {
  const counting = countingScope();
  (await backboneOf('xvector', {}, BINS))(counting.scope);
  t.is(counting.count(), TEACHER);
});

for (const [name, [width, lastWidth, embeddingSize, parameters, smaller]] of Object.entries(students))
  test(`the student '${name}' is ${smaller} % smaller, layer by layer as its sizes say`, async (t) => {
    const counting = countingScope();
    const options = { width, lastWidth, embeddingSize, segmentLayers: 1 };
    const { layers } = (await backboneOf('xvector', options, BINS))(counting.scope);
    t.deepEqual(
      counting.scope.params().map(({ shape }) => shape),
      shapesOf(width, lastWidth, embeddingSize),
    );
    t.is(counting.count(), parameters);
    t.true(Math.abs(100 * (1 - parameters / TEACHER) - smaller) < 0.06);
    t.deepEqual(Object.keys(layers!), [
      'frame1',
      'frame2',
      'frame3',
      'frame4',
      'frame5',
      'frames',
      'pooled',
      'embedding',
    ]);
  });

const distillation = z.object({
  backbone: z.object({ name: z.string(), options: z.unknown() }),
  levels: z.array(z.object({ teacher: z.union([z.string(), z.array(z.string())]) })),
});

test('the full recipe trains these students, each on a target of its size', async (t) => {
  const registry = createRegistry(builtIns);
  const file = fileURLToPath(new URL('../../../configs/voxceleb/distill.yaml', import.meta.url));
  const { stages } = await loadConfig({ file, registry });
  const teacher = (await backboneOf('xvector', {}, BINS))(countingScope().scope);
  const chosen = stages.filter(({ stage }) => stage === 'distill');
  t.deepEqual(
    chosen.map(({ as }) => as).sort(),
    Object.keys(students)
      .filter((name) => name !== 'smallest')
      .sort(),
  );
  for (const { as, options } of chosen) {
    const { backbone, levels } = distillation.parse(options);
    const counting = countingScope();
    const { embeddingSize } = (await backboneBuilder(registry, backbone, BINS))(counting.scope);
    t.is(counting.count(), students[as][3], as);
    const target = [levels[0].teacher].flat().reduce((sum, layer) => sum + teacher.layers![layer].size, 0);
    t.is(embeddingSize, target, as);
  }
});
