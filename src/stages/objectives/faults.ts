import { faultsWhere } from '../../plugin/faults.js';
import type { CheckContext } from '../../plugin/stage.js';
import type { ObjectiveNeeds } from '../../train/objectives/objective.js';
import { workersFault } from '../training/training-options.js';
import type { ObjectiveStageOptions } from './options.js';

/** What else of a training objectives, domains and adapters depend on. */
interface TrainingChoice extends ObjectiveStageOptions {
  corpus: string;
  speeds: readonly number[];
  sampling: { kind: string };
  init?: string;
  freeze?: unknown;
  quantize?: unknown;
}

/** Faults of objectives, domains and adapters, before anything has run. */
export async function objectiveFaults(context: CheckContext, options: TrainingChoice): Promise<string[]> {
  const needs = await Promise.all(
    options.objectives.map(async ({ name, options: chosen }) => {
      const { needs, manyWorkers } = await context.registry.load('objective', name);
      return { name, manyWorkers, ...needs(chosen) };
    }),
  );
  return [
    ...needs.flatMap(({ name, manyWorkers }) => workersFault(context, `objectives: '${name}'`, manyWorkers)),
    ...domainFaults(options, needs),
    ...adapterFaults(options),
    ...faultsWhere([
      [
        options.speeds.length > 1 && needs.some(({ frameLabels }) => frameLabels !== undefined),
        () => 'speeds: labels of frames are those of recordings at their own speed. Leave speeds out.',
      ],
    ]),
  ];
}

function domainFaults(options: TrainingChoice, needs: readonly (ObjectiveNeeds & { name: string })[]): string[] {
  const { corpus, target, domainNorms, speeds, sampling, quantize } = options;
  const comparing = needs.find(({ domains }) => domains);
  if (target === undefined)
    return faultsWhere([
      [
        comparing !== undefined,
        () =>
          `objectives: '${comparing!.name}' compares the corpus with a target. Give \`target\`, a corpus of the other domain.`,
      ],
      [domainNorms, () => 'domainNorms: there is one domain without `target`. Give it, or leave domainNorms out.'],
    ]);
  return faultsWhere([
    [
      comparing === undefined && !domainNorms,
      () =>
        'target: nothing compares it with the corpus. Choose an objective such as mmd, coral or classes, or leave it out.',
    ],
    [target === corpus, () => `target: '${target}' is the corpus itself. Name one of another domain.`],
    [speeds.length > 1, () => 'speeds: the target is heard at its own speed. Leave speeds out.'],
    [
      sampling.kind === 'length-buckets',
      () => "sampling.kind: the target's crops are as long as the corpus', in every batch. Leave length-buckets out.",
    ],
    [domainNorms && quantize !== undefined, () => 'domainNorms: a network in few bits has one. Leave one of them out.'],
  ]);
}

const adapterFaults = ({ adapters, init, freeze, quantize }: TrainingChoice): string[] =>
  adapters === undefined
    ? []
    : faultsWhere([
        [init === undefined, () => 'adapters: they change a network that there is. Give it as `init`.'],
        [freeze !== undefined, () => 'freeze: with adapters, nothing else is trained anyway. Leave it out.'],
        [quantize !== undefined, () => 'quantize: adapters leave the layers as they are. Leave one of them out.'],
      ]);
