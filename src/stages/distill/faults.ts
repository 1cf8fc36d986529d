import { faultsWhere } from '../../plugin/faults.js';
import type { DistillationPlugin, LossPlugin } from '../../plugin/kinds.js';
import type { CheckContext } from '../../plugin/stage.js';
import { marginFaults } from '../../train/classifier/margin-schedule.js';
import { lossFaults } from '../finetune/loss-faults.js';
import { samplingFaults } from '../finetune/sampling.js';
import { objectiveFaults } from '../objectives/faults.js';
import { quantizeFaults } from '../training/bits.js';
import { startFaults } from '../training/start.js';
import { checkTraining, workersFault } from '../training/training-options.js';
import type { DistillOptions, LevelOptions } from './options.js';
import { storedFaults } from './stored.js';
import { vectorFaults } from './vectors.js';

/** A level with its loss. */
interface Chosen {
  level: LevelOptions;
  plugin: DistillationPlugin;
}

/** Everything in a recipe's distill stage that cannot work, before anything has run. */
export async function distillFaults(context: CheckContext, options: DistillOptions): Promise<string[]> {
  const { registry } = context;
  const loss = await registry.load('loss', options.loss.name);
  const chosen = await Promise.all(
    options.levels.map(async (level) => ({ level, plugin: await registry.load('distillation', level.loss.name) })),
  );
  return [
    ...checkTraining(context, options),
    ...chosen.flatMap(({ plugin }, i) => workersFault(context, `levels[${i}]: '${plugin.name}'`, plugin.manyWorkers)),
    ...workersFault(context, `loss: '${options.loss.name}'`, loss.batch === undefined || loss.manyWorkers),
    ...startFaults(options),
    ...levelFaults(options, chosen),
    ...classifierFaults(options, loss, chosen),
    ...combinationFaults(options),
    ...quantizeFaults(options),
    ...(await objectiveFaults(context, options)),
    ...vectorFaults(
      options,
      chosen.some(({ plugin }) => plugin.compares === 'scores'),
    ),
    ...storedFaults(
      options,
      chosen.some(({ plugin }) => plugin.compares === 'scores'),
    ),
  ];
}

function levelFaults(options: DistillOptions, chosen: readonly Chosen[]): string[] {
  const { batchSize, accumulate, clusters } = options;
  const batch = batchSize / accumulate;
  const each = chosen.flatMap(({ level, plugin }, i) => {
    const { name, compares } = plugin;
    const at = `levels[${i}]`;
    const layered = level.student !== undefined || level.teacher !== undefined || level.projection !== undefined;
    return [
      ...(Number.isInteger(batch) ? (plugin.check?.(level.loss.options, { batch }) ?? []) : []),
      ...faultsWhere([
        [
          plugin.labels === true && clusters === undefined,
          () => `${at}: '${name}' asks for the class of each utterance. Give \`clusters\`, or take 'kl'.`,
        ],
        [
          compares === 'scores' && layered,
          () =>
            `${at}: '${name}' compares class scores; student, teacher and projection have no effect. Leave them out.`,
        ],
      ]),
    ];
  });
  const moved = chosen.some(
    ({ level, plugin }) => plugin.compares === 'scores' || (level.student ?? 'embedding') === 'embedding',
  );
  return moved || clusters !== undefined
    ? each
    : [
        ...each,
        "levels: nothing would train the student's embedding: compare it too, in one of the levels, or give `clusters`.",
      ];
}

function classifierFaults(options: DistillOptions, loss: LossPlugin, chosen: readonly Chosen[]): string[] {
  const { clusters, sampling, labelWeight, margin, epochs } = options;
  const scored = chosen.find(({ plugin }) => plugin.compares === 'scores');
  const shared = faultsWhere([
    [
      scored !== undefined && loss.scores === false,
      () =>
        `loss: '${options.loss.name}' has no class scores that '${scored!.plugin.name}' could compare. Take one with classes.`,
    ],
  ]);
  if (clusters !== undefined)
    return [
      ...shared,
      ...lossFaults(loss, options),
      ...samplingFaults(options, loss.batch?.(options.loss.options).utterancesPerSpeaker),
      ...(margin ? marginFaults(margin, epochs) : []),
    ];
  return [
    ...shared,
    ...samplingFaults(options, undefined),
    ...faultsWhere([
      [labelWeight !== undefined, () => 'labelWeight: there are no labels without `clusters`. Leave it out.'],
      [margin !== undefined, () => 'margin: there are no labels without `clusters`. Leave it out.'],
      [
        sampling.kind === 'class-balanced',
        () => 'sampling.kind: class-balanced batches need labels. Give `clusters`, or take shuffled.',
      ],
    ]),
  ];
}

function combinationFaults({ teachers, combine, teacherHears, augmentation }: DistillOptions): string[] {
  const twice = teachers.find((name, i) => teachers.indexOf(name) !== i);
  return faultsWhere([
    [twice !== undefined, () => `teachers: '${twice}' stands there twice. Name each teacher once.`],
    [
      combine !== undefined && teachers.length === 1,
      () => 'combine: there is one teacher, and nothing to combine. Leave it out.',
    ],
    [
      teacherHears === 'same' && augmentation.length === 0,
      () => 'teacherHears: same: without augmentation both hear the same anyway. Leave it out.',
    ],
  ]);
}
