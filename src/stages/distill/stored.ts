import type { ShardSet } from '../../data/shards/shards.js';
import { readRows } from '../../data/stored-rows.js';
import { weightsIdentity } from '../../embed/weights-identity.js';
import { UserError } from '../../errors.js';
import { describeIdentity } from '../../eval/model-identity.js';
import { readResult } from '../../plugin/read-result.js';
import type { StageContext } from '../../plugin/stage.js';
import type { StoredTeacher } from '../../train/distill/stored-teachers.js';
import { digestOfUtterances, rowsOfTeacher, teacherOutputsResult } from '../teacher-outputs/outputs-result.js';
import type { OpenTeacher } from './networks.js';
import type { DistillOptions } from './options.js';

/** Stored outputs of the teachers. */
export interface StoredOutputs {
  teachers: StoredTeacher[];
  /** The rows of utterances, an array for each teacher. // [utterances, row size] each */
  read(utterances: ArrayLike<number>): Float32Array[];
}

/**
 * The stored outputs that a recipe names, in the order of its teachers; undefined where it names none.
 * @throws UserError for outputs of another corpus, teachers that are not among them, and those that were trained on since
 */
export function openStored(
  { artifact }: Pick<StageContext, 'artifact'>,
  { stored: name }: DistillOptions,
  teachers: readonly { name: string; teacher: OpenTeacher }[],
  train: ShardSet,
): StoredOutputs | undefined {
  if (name === undefined) return undefined;
  const made = artifact(name);
  const { teachers: all, utterances, corpus } = readResult(made, teacherOutputsResult);
  if (corpus !== digestOfUtterances(train))
    throw new UserError(
      `stored: '${name}' holds outputs for ${utterances} utterances of another corpus; this one has ${train.ids.length}. Run the stage ` +
        'teacher-outputs on it.',
    );
  const names = Object.keys(all);
  const places = teachers.map(({ name: teacher, teacher: { model } }) => {
    const info = all[teacher];
    if (!info)
      throw new UserError(
        `stored: teacher '${teacher}' is not among those in '${name}': ${names.map((known) => `'${known}'`).join(', ')}. ` +
          'Name it in the stage teacher-outputs, too.',
      );
    const identity = weightsIdentity(model);
    const features = JSON.stringify(info.features) === JSON.stringify(model.info.features);
    if (info.model.digest !== identity.digest || !features)
      throw new UserError(
        `stored: '${name}' holds outputs of ${describeIdentity(info.model)} as '${teacher}', which is now ${describeIdentity(identity)}` +
          `${features ? '' : ' with other features'}. Run the stage teacher-outputs again.`,
      );
    const { layers } = info;
    return { layers, rows: rowsOfTeacher(made, names.indexOf(teacher) + 1, { utterances, layers }) };
  });
  return {
    teachers: places.map(({ layers }, i) => ({ name: `teacher '${teachers[i].name}' as stored in '${name}'`, layers })),
    read: (numbers) => places.map(({ rows }) => readRows(rows, numbers)),
  };
}

/** Faults of what stored outputs cannot give, before anything has run. */
export function storedFaults({ stored, speeds, teacherHears }: DistillOptions, comparesScores: boolean): string[] {
  if (stored === undefined) return [];
  const faults: [boolean, string][] = [
    [
      speeds.length > 1,
      'stored: outputs are of utterances as they are, not at other speeds. Leave `speeds` or `stored` out.',
    ],
    [
      teacherHears === 'same',
      'teacherHears: same: outputs were stored before the student heard anything. Leave one of both out.',
    ],
    [comparesScores, 'stored: class scores are not stored. Compare vectors, or leave `stored` out.'],
  ];
  return faults.flatMap(([wrong, fault]) => (wrong ? [fault] : []));
}
