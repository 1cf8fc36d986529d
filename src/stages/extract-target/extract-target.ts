import { join } from 'node:path';
import { sourceStamp } from '../../data/corpus/source-stamp.js';
import { labelled } from '../../data/crops/sampler.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { MODEL_FILE } from '../../embed/model-file.js';
import { packagedModel } from '../../embed/packaged-model.js';
import { weightsIdentity } from '../../embed/weights-identity.js';
import { checkLibrary } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { EXTRACTOR_FILE, readTargetExtractor, writeTargetExtractor } from '../../target-voice/extractor-file.js';
import type { TargetMeasurement } from '../../target-voice/measure.js';
import { pairVoices } from '../../target-voice/pairing.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { embedEnrolments, enrollingModel } from './enrolments.js';
import { measureHeldOut, openHeldOut } from './held-out.js';
import {
  type ExtractTargetOptions,
  type ExtractTargetResult,
  extractTargetOptions,
  extractTargetResult,
} from './options.js';
import { trainMask } from './train-mask.js';

/** Trains a network that takes one voice out of a mixture of two, and measures it on speakers that it has not heard. */
export default defineStage({
  name: 'extract-target',
  summary: 'Learns to take one voice out of a mixture of two, by the embedding of another recording of the speaker.',
  options: extractTargetOptions,
  result: extractTargetResult,
  sources: ({ model }) => (model === undefined ? sourceStamp([join(packagedModel(), MODEL_FILE)]) : undefined),
  check: (context, { steps, epochs, model, network }) => [
    ...checkLibrary(context),
    ...((steps === undefined) === (epochs === undefined) ? ['steps, epochs: give one of them.'] : []),
    ...(network !== undefined && model === undefined ? ['network: names one of `model`, which is not given.'] : []),
  ],
  run: learnToExtract,
});

async function learnToExtract(context: StageContext, options: ExtractTargetOptions): Promise<ExtractTargetResult> {
  const corpus = context.artifact(options.corpus);
  const { train, trainSpeakers } = openTraining(corpus);
  if (train.features)
    throw new UserError(
      'The corpus holds stored features, and mixtures are made of samples. Name a corpus of recordings.',
    );
  const pairing = pairVoices(speakersOf(context, options, train) ?? trainSpeakers, options.batchSize);
  const heldOut = openHeldOut(context, corpus, options);
  const model = enrollingModel(context, options);
  const training = { name: 'train', shards: train, used: labelled(pairing.labels) };
  const testing = heldOut && { name: 'test', shards: heldOut.shards, used: heldOut.enrolling };
  const { mean, voices } = await embedEnrolments(context, model, testing ? [training, testing] : [training]);

  const { width, blocks, conditioning } = options;
  const shape = { width, blocks, conditioning, embeddingSize: mean.length };
  const trained = await trainMask(context, options, { shards: train, pairing, voices: voices[0], shape });
  const identity = weightsIdentity(model);
  writeTargetExtractor(context.dir, { shape, model: identity, mean }, trained.weights);
  const { network } = readTargetExtractor(context.dir);
  const measured = heldOut && (await measureHeldOut(context, network, heldOut, voices[1]));
  if (measured) context.log(describe(measured));
  const { steps, parameters } = trained;
  return { file: EXTRACTOR_FILE, steps, parameters, model: identity.name, measured };
}

/** The labels in the place of speakers, where the recipe names some; '' for noise. */
function speakersOf(
  { artifact }: Pick<StageContext, 'artifact'>,
  { clusters }: ExtractTargetOptions,
  { ids }: ShardSet,
): string[] | undefined {
  if (clusters === undefined) return undefined;
  return Array.from(readLabels(artifact(clusters), ids.length), (label) => (label < 0 ? '' : String(label)));
}

function describe({ mixtures, mixtureDb, target, wrong, other, oracle }: TargetMeasurement): string {
  const gains = { 'the target': target, 'a third speaker': wrong, 'the other voice': other, 'the best mask': oracle };
  const parts = Object.entries(gains).flatMap(([by, gain]) => (gain ? [`by ${by} ${gain.meanDb.toFixed(1)}`] : []));
  return `SI-SDR in ${mixtures} mixtures of unheard speakers ${mixtureDb.toFixed(1)} dB; gained ${parts.join(', ')}`;
}
