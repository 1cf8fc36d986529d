import type { Stateful } from '../checkpoint.js';
import { createGateKeeper, type GateDecision, type GateKeeper } from './gate-keeper.js';
import { describeEpoch, type GateLine, gateLine, recordEpoch } from './gate-record.js';
import { checkedDecision, type GateRule } from './gate-rule.js';
import type { GateSetting } from './gated-loss.js';
import { FROM_EPOCH, type GateOptions } from './options.js';

/** The loss gate of a training, from the rule's decision to the record of its consequences. */
export interface Gate extends Stateful, Pick<GateKeeper, 'history' | 'record'> {
  /** The gate's part in a step of `epoch` (whole number); decided once an epoch. Where nothing is rejected, nothing is corrected. */
  at(epoch: number): GateSetting;
  /** Ends the last epoch and returns its line of gate.jsonl; undefined when there was no step. */
  finish(): GateLine | undefined;
}

export interface GateParts {
  /** Without one every label is believed. */
  rule?: GateRule;
  options: GateOptions;
  /** Of all utterances, -1 for none. // [utterances] */
  labels: Int32Array;
  /** True speakers [utterances], where they are known; they are measured against and decide nothing. */
  speakers: readonly string[] | null;
  /** The folder of gate.jsonl and losses/. */
  dir: string;
  log(line: string): void;
}

const KEEP_ALL: GateDecision = { threshold: Number.POSITIVE_INFINITY };

/**
 * Opens the gate. In each epoch: the rule decides from the last losses (gate-rule.ts), every step is given the limit (`at`) and applies it
 * in the graph (gated-loss.ts, label-correction.ts), its losses and decisions are remembered (gate-keeper.ts), and at the end measured and
 * written (gate-quality.ts, gate-record.ts).
 */
export function openGate({ rule, options, labels, speakers, dir, log }: GateParts): Gate {
  const { gateFromEpoch = FROM_EPOCH.gate, gateMomentum = 0, correction } = options;
  let last: GateLine | undefined;
  const keeper = createGateKeeper({
    utterances: labels.length,
    fromEpoch: gateFromEpoch,
    decide: (losses, epoch) => (rule ? checkedDecision(rule, losses, epoch, log) : KEEP_ALL),
    ended(epoch) {
      last = gateLine(epoch, labels, speakers);
      recordEpoch(dir, last, epoch.losses);
      if (rule) log(describeEpoch(last));
    },
  });
  return {
    at(epoch) {
      const gate = keeper.limit(epoch);
      const corrects = correction && Number.isFinite(gate) && epoch >= (correction.fromEpoch ?? FROM_EPOCH.correction);
      return {
        gate,
        momentum: gateMomentum,
        ...(corrects && { correction: { temperature: correction.temperature, confidence: correction.confidence } }),
      };
    },
    finish() {
      keeper.finish();
      return last;
    },
    history: keeper.history,
    record: keeper.record,
    state: keeper.state,
    restore: keeper.restore,
  };
}
