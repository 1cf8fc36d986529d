import { float32, type HostTensor, int32 } from '../../host-tensor.js';
import type { HostState, Stateful } from '../checkpoint.js';

/** The fate of a sample in an update; a label that replaced the given one stands for itself (0 or more). */
export const KEPT = -1;
export const REJECTED = -2;
/** No update met it yet. */
export const UNSEEN = -3;

/** A gate's decision at the start of an epoch. */
export interface GateDecision {
  /** The largest loss that is kept; Infinity keeps all. */
  threshold: number;
  /** Figures of whatever the gate fitted. */
  components?: Record<string, number>;
}

/** One epoch, when it is over. */
export interface GatedEpoch extends GateDecision {
  /** Whole number, from 0. */
  epoch: number;
  /** Loss of each utterance against its label as it was last judged, NaN where it was not met. */
  losses: Float32Array;
  /** Last decision of each utterance: KEPT, REJECTED, UNSEEN or the label that replaced its own. */
  decisions: Int32Array;
}

/** Remembers every utterance's last loss and decides, once an epoch, up to which loss pseudo-labels are believed. */
export interface GateKeeper extends Stateful {
  /** The limit for a step of `epoch` (whole number, never falling); Infinity before the gate is active. */
  limit(epoch: number): number;
  /** The last judged loss of each of `utterances` [batch], NaN where it was not met. // [batch] */
  history(utterances: Int32Array): Float32Array;
  /** Notes losses and decisions [batch] of a batch of utterances [batch]. */
  record(utterances: Int32Array, losses: Float32Array, decisions: Int32Array): void;
  /** Ends the current epoch and returns it; null when there was no step. */
  finish(): GatedEpoch | null;
}

export interface GateKeeperParts {
  utterances: number;
  /** The first epoch in which `decide` is asked. */
  fromEpoch: number;
  /** From last losses to a limit; asked at the start of each epoch. */
  decide(losses: Float32Array, epoch: number): GateDecision;
  /** Called when an epoch is over; again, with the same, when a run is resumed at its end. */
  ended?(epoch: GatedEpoch): void;
}

const OPEN: GateDecision = { threshold: Number.POSITIVE_INFINITY };

/** Creates a gate that is open. */
export function createGateKeeper({ utterances, fromEpoch, decide, ended }: GateKeeperParts): GateKeeper {
  const losses = new Float32Array(utterances).fill(Number.NaN);
  const decisions = new Int32Array(utterances).fill(UNSEEN);
  let current = -1;
  let decision = OPEN;
  const finish = (): GatedEpoch | null => {
    if (current < 0) return null;
    const epoch = { ...decision, epoch: current, losses, decisions };
    ended?.(epoch);
    return epoch;
  };
  return {
    limit(epoch) {
      if (epoch <= current) return decision.threshold;
      finish();
      current = epoch;
      decision = epoch < fromEpoch ? OPEN : inFloat32(decide(losses, epoch));
      return decision.threshold;
    },
    history: (batch) => Float32Array.from(batch, (utterance) => losses[utterance]),
    record(batch, batchLosses, batchDecisions) {
      batch.forEach((utterance, i) => {
        losses[utterance] = batchLosses[i];
        decisions[utterance] = batchDecisions[i];
      });
    },
    finish,
    state: () => ({
      'gate/losses': float32(losses.slice()),
      'gate/decisions': int32(decisions.slice()),
      'gate/epoch': int32([current]),
      'gate/threshold': float32([decision.threshold]),
      'gate/components': textTensor(JSON.stringify(decision.components ?? null)),
    }),
    restore(state) {
      losses.set(state['gate/losses'].data as Float32Array);
      decisions.set(state['gate/decisions'].data as Int32Array);
      [current] = state['gate/epoch'].data as Int32Array;
      decision = storedDecision(state);
    },
  };
}

/** As a checkpoint holds it and the graph compares it, so that a resumed run decides alike. */
const inFloat32 = (decision: GateDecision): GateDecision => ({
  ...decision,
  threshold: Math.fround(decision.threshold),
});

function storedDecision(state: HostState): GateDecision {
  const [threshold] = state['gate/threshold'].data as Float32Array;
  const components = JSON.parse(textOf(state['gate/components'])) ?? undefined;
  return components ? { threshold, components } : { threshold };
}

function textTensor(text: string): HostTensor {
  const data = new TextEncoder().encode(text);
  return { dtype: 'uint8', shape: [data.length], data };
}

const textOf = ({ data }: HostTensor): string => new TextDecoder().decode(data as Uint8Array);
