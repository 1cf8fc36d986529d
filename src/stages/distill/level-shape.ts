import { UserError } from '../../errors.js';
import type { TappedLayer } from '../../nn/backbone.js';
import type { Compared } from '../../train/distill/distillation-loss.js';
import type { Combination, Level } from '../../train/distill/level.js';
import { type Layered, layerOf } from '../training/named-layers.js';

/** A level as the recipe has it, and the networks that it compares. */
export interface LevelChoice {
  student: string;
  teacher: readonly string[];
  compares: Compared;
  projection: 'auto' | 'always' | 'never';
  own: Layered;
  teachers: readonly Layered[];
  combine: Combination;
}

/**
 * What a level compares: frames or utterances, and the map between the sizes of both sides. @throws UserError for layers that do not exist,
 * frames where there is one vector an utterance, and sizes that nothing brings together
 */
export function levelShape(choice: LevelChoice): Pick<Level, 'of' | 'projection'> {
  const { student, teacher, compares, projection, own, teachers } = choice;
  const { size, of } = layerOf(own, student, 'levels');
  const targets = teachers.map((network) => teacher.map((layer) => ({ layer, ...layerOf(network, layer, 'levels') })));
  const single = targets.flat().find((target) => target.of === 'utterance');
  if (of === 'frames' && single)
    throw new UserError(
      `levels: the student's '${student}' has a vector for every frame, the teacher's '${single.layer}' one for the utterance. Give ` +
        "the student's pooled or embedding, or a layer of frames of the teacher.",
    );
  if (of === 'frames' && compares === 'relations')
    throw new UserError(
      `levels: relations are between utterances, and the student's '${student}' has a vector for every frame. Give pooled or embedding.`,
    );
  const outputs = targetSize(targets, choice);
  const differs = size !== outputs && compares === 'vectors';
  if (differs && projection === 'never')
    throw new UserError(
      `levels: the student's '${student}' has ${size} numbers and its target ${outputs}, and projection: never leaves them apart. ` +
        `Make the student's ${outputs}, or leave projection out.`,
    );
  return { of, ...((differs || projection === 'always') && { projection: { inputs: size, outputs } }) };
}

function targetSize(targets: readonly TappedLayer[][], { combine, teacher }: LevelChoice): number {
  const sizes = targets.map((layers) => layers.reduce((sum, { size }) => sum + size, 0));
  if (combine === 'concatenate') return sizes.reduce((a, b) => a + b);
  const patterns = new Set(targets.map((layers) => layers.map(({ size }) => size).join()));
  if (patterns.size === 1) return sizes[0];
  throw new UserError(
    `combine: average: the teachers' ${teacher.join(' + ')} have ${sizes.join(' and ')} numbers. Concatenate them, or take others.`,
  );
}
