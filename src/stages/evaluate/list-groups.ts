import type { Manifest, Utterance } from '../../data/manifest.js';
import { groupDurations, groupErrors, groupPairs, numberSides } from '../../eval/detection/groups.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { TestList } from '../artifacts/corpus-data.js';
import type { GroupedFigures } from './list-figures.js';

/** What is known of one side of a trial. */
interface Side {
  gender?: string | null;
  language: string | null;
  seconds: number;
}

/**
 * EER within groups of a list's trials: by gender and by language (the value that both sides share, `mixed`, or `unknown`), and by the
 * duration of the shorter side. An attribute that does not divide the list is left out, as one of which the manifest says nothing.
 * @param scores [trials]
 */
export function groupFigures({ utterances }: Manifest, list: TestList, scores: Float32Array): GroupedFigures {
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
  const found = Object.entries(groupings).map(([by, groups]) => [by, groupErrors(scores, isTarget, groups)] as const);
  return Object.fromEntries(found.filter(([, groups]) => Object.keys(groups).length > 1));
}

/** By the name that trials use. A model lasts as long as its utterances together; it has what they have in common. */
function sidesOf(utterances: readonly Utterance[], { shards, paths, models }: TestList): Map<string, Side> {
  const tested = new Set(shards.ids);
  const byId = new Map(utterances.flatMap((one) => (tested.has(one.id) ? [[one.id, one]] : [])));
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
