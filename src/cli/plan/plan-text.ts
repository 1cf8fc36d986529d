import type { MemoryBudget } from '../../engine/memory/available.js';
import { describeParts } from '../../engine/memory/describe-parts.js';
import { formatByteSize } from '../../io/byte-size.js';
import { MOST_UTTERANCES } from '../../pipeline/memory/largest-batch.js';
import type { MemoryPlan, SwitchPlan } from '../../pipeline/memory/memory-plan.js';
import { titleOf } from '../../pipeline/run/run-plan.js';

/** The output of `voxloop plan`: a paragraph for each training stage. */
export function planText(stages: readonly MemoryPlan[], budget: MemoryBudget): string {
  const head = `memory: ${formatByteSize(budget.bytes)} (${budget.source})`;
  return `${[head, ...stages.map((stage) => stageText(stage, budget.bytes))].join('\n\n')}\n`;
}

function stageText(plan: MemoryPlan, budget: number): string {
  const { backbone, batchSize, peakBytes, parts, fits, assumed } = plan;
  const lines = [
    `${titleOf(plan)}: ${backbone}, batch ${batchSize}: ${formatByteSize(peakBytes)}, ${fits ? 'fits' : 'does not fit'}`,
    `  ${describeParts(parts)}`,
    ...(assumed.length > 0 ? [`  assumed: ${assumed.join('; ')}`] : []),
    `  ${batchText(plan, budget)}`,
    ...switchLines(plan.switches),
  ];
  return lines.join('\n');
}

function batchText({ largestBatch, fixedBytes, parts }: MemoryPlan, budget: number): string {
  if (largestBatch !== null) {
    return `largest batch that fits: ${largestBatch}${largestBatch < MOST_UTTERANCES ? '' : ' or more'}`;
  }
  if (fixedBytes <= budget) return 'no batch fits, not even the smallest';
  const { parameters, buffers, optimizer } = parts;
  const fixed = describeParts({
    parameters,
    buffers,
    optimizer,
    gradients: 0,
    activations: 0,
    workspace: 0,
    inputs: 0,
  });
  return `no batch will fit: what every batch needs is ${formatByteSize(fixedBytes)} already (${fixed})`;
}

function switchLines(switches: readonly SwitchPlan[]): string[] {
  if (switches.length === 0) return [];
  const enough = switches.filter(({ fits }) => fits);
  const short = switches.filter(({ fits }) => !fits);
  const lines = (plans: readonly SwitchPlan[]) =>
    plans.map(({ changes, peakBytes, notes }) => {
      const note = notes.length > 0 ? ` (${notes.join('; ')})` : '';
      return `    ${changes.join(' with ')}: ${formatByteSize(peakBytes)}${note}`;
    });
  return [
    enough.length > 0 ? '  would make it fit:' : '  none of these makes it fit, alone or together:',
    ...lines(enough),
    ...(enough.length > 0 && short.length > 0 ? ['  would not be enough:'] : []),
    ...lines(short),
  ];
}
