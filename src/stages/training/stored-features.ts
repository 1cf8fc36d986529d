import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { SketchContext } from '../../plugin/stage.js';

const corpusOptions = z.object({ features: featureDefinition });

/** The features that a corpus stage of a recipe takes in the place of recordings; undefined where it takes recordings. */
export const sketchStored = (context: SketchContext, corpus: string): FeatureDefinition | undefined =>
  corpusOptions.safeParse(context.options(corpus)).data?.features;

/**
 * Refuses features that are not the stored ones. `dither` may differ, for it is in the stored features or not; and means may have been
 * subtracted where the network's features subtract them, too, which changes nothing.
 * @throws UserError that names every option that differs
 */
export function checkSameFeatures(stored: FeatureDefinition, wanted: FeatureDefinition): void {
  const names = Object.keys({ ...wanted, ...stored }) as (keyof FeatureDefinition)[];
  const different = names.filter((name) =>
    name === 'dither' ? false : name === 'cmn' ? stored.cmn && !wanted.cmn : stored[name] !== wanted[name],
  );
  if (different.length === 0) return;
  const list = different.map((name) => `${name} is ${stored[name]} there and ${wanted[name]} here`);
  throw new UserError(
    `The corpus holds stored features of another definition: ${list.join(', ')}. Give the same features, compute the stored ones anew, or ` +
      'give a corpus of recordings.',
  );
}

/** The parts of a training, or of an embedding, that change waveforms. */
interface WaveChanges {
  augmentation: readonly PluginChoice<'augmentation'>[];
  speeds?: readonly number[];
  adversary?: unknown;
}

/** Refuses, of stored features, what changes waveforms. @throws UserError that names all of it */
export async function refuseWaveChanges(
  registry: Registry,
  { augmentation, speeds = [1], adversary }: WaveChanges,
): Promise<void> {
  const plugins = await Promise.all(augmentation.map(({ name }) => registry.load('augmentation', name)));
  const changes = [
    ...plugins.filter(({ apply }) => apply).map(({ name }) => `augmentation '${name}'`),
    ...(speeds.length > 1 ? ['speeds'] : []),
    ...(adversary ? ['adversary'] : []),
  ];
  if (changes.length === 0) return;
  throw new UserError(
    `The corpus holds stored features, and these work on waveforms: ${changes.join(', ')}. Leave them out (spec-augment works on features), ` +
      'or give a corpus of recordings.',
  );
}
