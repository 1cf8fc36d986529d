import { type CropSources, sharedGroups, type UtteranceGroups } from '../data/crops/crop-sources.js';
import { int32 } from '../host-tensor.js';
import type { HostState } from './checkpoint.js';

/** Where positives come from during a run. */
export interface Positives {
  /** The sources of a step of `epoch` (whole number); undefined before the first groups are made. */
  sources(epoch: number): Promise<CropSources | undefined>;
  /** What the checkpoint must hold, and how to go on from it. */
  state(): HostState;
  restore(state: HostState): void;
}

/** When groups are made, and how crops are drawn from them. */
export interface PositivesPlan extends Pick<CropSources, 'crops' | 'probability'> {
  /** Epochs done before groups are made for the first time. */
  fromEpoch: number;
  everyEpochs: number;
}

/**
 * Groups of utterances made anew at the start of every `everyEpochs`-th epoch from `fromEpoch` on, and kept in between: a run that
 * was stopped goes on with those of its checkpoint. `make` is told the epoch, its only source of chance.
 */
export function createPositives(
  { fromEpoch, everyEpochs, ...draw }: PositivesPlan,
  make: (epoch: number) => Promise<UtteranceGroups>,
): Positives {
  let made = -1;
  let current: CropSources | undefined;
  return {
    async sources(epoch) {
      if (epoch < fromEpoch) return undefined;
      const due = epoch - ((epoch - fromEpoch) % everyEpochs);
      if (due === made) return current;
      current = { ...(await make(due)), ...draw };
      made = due;
      return current;
    },
    state(): HostState {
      if (!current) return {};
      const { groups, offsets, members } = current;
      const tables = { made: int32([made]), groups: int32(groups), offsets: int32(offsets), members: int32(members) };
      return Object.fromEntries(Object.entries(tables).map(([name, table]) => [`positives/${name}`, table]));
    },
    restore(state) {
      [made, current] = [-1, undefined];
      if (!state['positives/made']) return;
      const values = (name: string) => state[`positives/${name}`].data as Int32Array;
      [made] = values('made');
      const groups = { groups: values('groups'), offsets: values('offsets'), members: values('members') };
      current = { ...sharedGroups(groups), ...draw };
    },
  };
}

/**
 * What to log of a batch's crops: `otherUtterances`, the share cut from another utterance than the batch's own, and of these, where
 * speakers are known, `sameSpeaker`, the share of the own speaker's. For measurement only.
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
