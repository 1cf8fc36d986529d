import type { Manifest, Utterance } from '../../data/manifest.js';
import type { GroupFigures } from '../../eval/detection/figures.js';
import { groupDurations, groupErrors, groupPairs, numberSides } from '../../eval/detection/groups.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { TestList } from '../artifacts/corpus-data.js';

/** One side of a trial, as far as it is known. */
interface Side {
  gender?: string | null;
  language: string | null;
  seconds: number;
}

/**
 * EER within groups of a list's trials: by gender and by language (the value that both sides share, `mixed`, or `unknown`), and by the
 * duration of the shorter side. An attribute that puts every trial in one group is left out, as is one that the manifest does not hold.
 * @param scores [trials]
 */
export function figuresByGroup(
  { utterances }: Manifest,
  list: TestList,
  scores: Float32Array,
): Record<string, Record<string, GroupFigures>> {
  const sides = sidesOf(utterances, list);
  const { names, first, second } = numberSides(list.trials);
  const valuesOf = (by: 'gender' | 'language') => names.map((name) => sides.get(name)?.[by] ?? '');
  const seconds = names.map((name) => sides.get(name)?.seconds ?? Number.NaN);
  const groupings = {
    gender: groupPairs(valuesOf('gender'), first, second),
    language: groupPairs(valuesOf('language'), first, second),
    duration: groupDurations(seconds, first, second),
  };
  const isTarget = Uint8Array.from(list.trials, ({ target }) => Number(target));
  const figures = Object.entries(groupings).map(([by, groups]) => [by, groupErrors(scores, isTarget, groups)] as const);
  return Object.fromEntries(figures.filter(([, groups]) => Object.keys(groups).length > 1));
}

/** By the name that trials use. A model lasts as long as its utterances together; it has what they have in common. */
function sidesOf(utterances: readonly Utterance[], { shards, paths, models }: TestList): Map<string, Side> {
  const tested = new Set(shards.ids);
  const byId = new Map(
    utterances.flatMap((utterance) => (tested.has(utterance.id) ? [[utterance.id, utterance]] : [])),
  );
  const single = shards.ids.map((id, i) => ({ ...byId.get(id)!, seconds: shards.samples[i] / SAMPLE_RATE_HZ }));
  const sides = new Map<string, Side>(single.map((side, i) => [paths[i], side]));
  for (const model of models) {
    const parts = model.utterances.map((i) => single[i]);
    const shared = (values: (string | null | undefined)[]) => (new Set(values).size === 1 ? values[0]! : null);
    sides.set(model.name, {
      gender: shared(parts.map(({ gender }) => gender)),
      language: shared(parts.map(({ language }) => language)),
      seconds: parts.reduce((total, { seconds }) => total + seconds, 0),
    });
  }
  return sides;
}
