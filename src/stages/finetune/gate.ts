import { faultsWhere } from '../../plugin/faults.js';
import type { StageContext } from '../../plugin/stage.js';
import { createGateKeeper, type GateKeeper } from '../../train/labels/gate-keeper.js';
import type { Correction } from '../../train/labels/label-correction.js';
import { gateRule } from '../artifacts/pseudo-labels.js';
import { describeEpoch, type GateLine, gateLine, recordEpoch } from './gate-record.js';
import type { FinetuneOptions } from './options.js';

/** The gate, which leaves a record of every epoch in the stage's folder; `speakers` are known ones, for measurement. */
export async function openGate(
  context: StageContext,
  given: FinetuneOptions,
  labels: Int32Array,
  speakers: readonly string[] | null,
): Promise<{ gate: GateKeeper; lastLine(): GateLine | undefined }> {
  let last: GateLine | undefined;
  const gate = createGateKeeper({
    ...{ utterances: labels.length, fromEpoch: given.gateFromEpoch, decide: await gateRule(context, given.gate) },
    ended(epoch) {
      last = gateLine(epoch, labels, speakers);
      recordEpoch(context.dir, last, epoch.losses);
      if (given.gate) context.log(describeEpoch(last));
    },
  });
  return { gate, lastLine: () => last };
}

/** What is wrong with when labels are to be corrected. */
export function gateFaults({ gate, gateFromEpoch, correction }: FinetuneOptions): string[] {
  if (!correction) return [];
  return faultsWhere([
    [gate === undefined, () => 'correction: only what a gate rejects is corrected. Give a `gate`, or leave it out.'],
    [
      correction.fromEpoch < gateFromEpoch,
      () => `correction.fromEpoch: ${correction.fromEpoch} is before the gate opens (gateFromEpoch: ${gateFromEpoch}).`,
    ],
  ]);
}

/** How labels are corrected in an epoch, if they are. */
export function correctionAt({ correction }: FinetuneOptions, epoch: number): Correction | undefined {
  if (!correction || epoch < correction.fromEpoch) return undefined;
  const { temperature, confidence } = correction;
  return { temperature, confidence };
}
