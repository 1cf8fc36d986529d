import { type CropSources, sharedGroups, type UtteranceGroups } from '../data/crops/crop-sources.js';
import { int32 } from '../host-tensor.js';
import type { HostState, Stateful } from './checkpoint.js';

/** The source of positives during a run. */
export interface Positives extends Stateful {
  /** The sources of a step of `epoch` (whole number); undefined before the first groups are made. */
  sources(epoch: number): Promise<CropSources | undefined>;
}

/** The epochs in which groups are made, and the rule by which crops are drawn from them. */
export interface PositivesPlan extends Pick<CropSources, 'crops' | 'probability'> {
  /** Epochs done before groups are made for the first time. */
  fromEpoch: number;
  everyEpochs: number;
}

/**
 * Groups of utterances, made anew at the start of every `everyEpochs`-th epoch from `fromEpoch` on and kept in between: a resumed run
 * continues with those of its checkpoint. `make` gets the epoch, its only source of randomness.
 */
export function createPositives(
  { fromEpoch, everyEpochs, ...draw }: PositivesPlan,
  make: (epoch: number) => Promise<UtteranceGroups>,
): Positives {
  let madeAt = -1;
  let current: CropSources | undefined;
  return {
    async sources(epoch) {
      if (epoch < fromEpoch) return undefined;
      const due = epoch - ((epoch - fromEpoch) % everyEpochs);
      if (due === madeAt) return current;
      current = { ...(await make(due)), ...draw };
      madeAt = due;
      return current;
    },
    state(): HostState {
      if (!current) return {};
      const { groups, offsets, members } = current;
      const tables = { made: int32([madeAt]), groups: int32(groups), offsets: int32(offsets), members: int32(members) };
      return Object.fromEntries(Object.entries(tables).map(([name, table]) => [`positives/${name}`, table]));
    },
    restore(state) {
      [madeAt, current] = [-1, undefined];
      if (!state['positives/made']) return;
      const values = (name: string) => state[`positives/${name}`].data as Int32Array;
      [madeAt] = values('made');
      const groups = { groups: values('groups'), offsets: values('offsets'), members: values('members') };
      current = { ...sharedGroups(groups), ...draw };
    },
  };
}

/**
 * Metrics of a batch's crops: `otherUtterances`, the share cut from another utterance than the batch's own, and, where speakers are
 * known, `sameSpeaker`, the share of these that are by the same speaker. For measurement only.
 */
export function measurePositives(
  utterances: Int32Array,
  origins: Int32Array,
  speakers: readonly string[] | null,
): Record<string, number> {
  let others = 0;
  let same = 0;
  origins.forEach((origin, row) => {
    const utterance = utterances[row % utterances.length];
    if (origin === utterance) return;
    others++;
    if (speakers?.[origin] === speakers?.[utterance]) same++;
  });
  const otherUtterances = others / origins.length;
  return speakers && others > 0 ? { otherUtterances, sameSpeaker: same / others } : { otherUtterances };
}

/** The same over a whole run, from its metrics; `sameSpeaker` is null where it is not known. */
export function summarizePositives(lines: Iterable<Record<string, number>>) {
  let [steps, others, same, known] = [0, 0, 0, 0];
  for (const { otherUtterances = 0, sameSpeaker } of lines) {
    steps++;
    others += otherUtterances;
    if (sameSpeaker === undefined) continue;
    same += otherUtterances * sameSpeaker;
    known += otherUtterances;
  }
  return { otherUtterances: steps > 0 ? others / steps : 0, sameSpeaker: known > 0 ? same / known : null };
}
