import { join } from 'node:path';
import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import { loadWeights } from '../../embed/extract.js';
import { type ModelInfo, readModel } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { faultsWhere } from '../../plugin/faults.js';
import { asWritten } from '../../plugin/options.js';
import type { Artifact, SketchContext, StageContext } from '../../plugin/stage.js';
import type { FinetuneParts, Finetuner } from '../../train/finetuner.js';
import { type Classifier, readClassifier } from '../../train/labels/classifier-file.js';
import { backboneBuilder, modelBuilder } from '../training/resolve-plugins.js';
import type { FinetuneOptions } from './options.js';

/** What a training starts from. */
export interface Start {
  features: FeatureDefinition;
  backbone: FinetuneParts['backbone'];
  /** Describes the network that comes out, but for the embedding's size. */
  info: Pick<ModelInfo, 'origin' | 'backbone' | 'features'>;
  /** The classifier that is kept, if one is. */
  classifier?: Classifier;
  /** Puts in the weights that are there before. */
  load(session: Session, trainer: Finetuner): Promise<void>;
}

const made = z.object({ networks: z.array(z.string()).min(1) });
const modelDir = ({ dir, result }: Artifact): string => join(dir, 'models', made.parse(result).networks[0]);

/** A network on disk, with its classifier where that is kept, or a new one. */
export async function openStart(
  { registry, artifact }: Pick<StageContext, 'registry' | 'artifact'>,
  given: FinetuneOptions,
): Promise<Start> {
  const { init, backbone, classifier: kind } = given;
  if (init === undefined) {
    const features = featuresFromScratch(given);
    const { name, options } = backbone!;
    return {
      features,
      backbone: await backboneBuilder(registry, backbone!, features.bins),
      info: {
        origin: 'classifier',
        backbone: { name, options: asWritten(options) as Record<string, unknown> },
        features,
      },
      load: async () => {},
    };
  }
  const model = readModel(modelDir(artifact(init)));
  const { features, backbone: written, origin } = model.info;
  const classifier = kind === 'keep' ? readClassifier(model.dir) : undefined;
  if (classifier && classifier.info.loss !== given.loss.name)
    throw new UserError(
      `classifier: keep: the classifier of '${init}' is one of '${classifier.info.loss}', and the loss is '${given.loss.name}'. ` +
        'Give its loss, or classifier: new.',
    );
  return {
    features,
    backbone: await modelBuilder(registry, model.info),
    info: { origin: classifier ? origin : `classifier from ${origin}`, backbone: written, features },
    classifier,
    async load(session, trainer) {
      await loadWeights(session, trainer.scope, model);
      if (classifier) await loadWeights(session, trainer.headScope, classifier);
    },
  };
}

const featuresFromScratch = ({ features }: FinetuneOptions): FeatureDefinition =>
  features ?? featureDefinition.parse({});

/** Features and backbone of a recipe of which nothing has run. */
export async function sketchStart(context: SketchContext, given: FinetuneOptions) {
  if (given.init !== undefined) return context.sketch(given.init);
  return { features: featuresFromScratch(given), backbone: given.backbone! };
}

/** What is wrong with how a training is to start. */
export function startFaults({ init, backbone, features, classifier, prototypes }: FinetuneOptions): string[] {
  return faultsWhere([
    [
      (init === undefined) === (backbone === undefined),
      () =>
        `init, backbone: give ${init === undefined ? 'one of them' : 'one of them only'}: a network to start from, or one to train from scratch.`,
    ],
    [
      init !== undefined && features !== undefined,
      () => "features: the init's are kept. Leave them out, or train from scratch with `backbone`.",
    ],
    [init === undefined && classifier === 'keep', () => 'classifier: keep: there is none without `init`.'],
    [
      classifier === 'keep' && prototypes !== undefined,
      () => 'prototypes: they would replace the classifier that is kept.',
    ],
  ]);
}

/** Classes where nobody says how many. */
const ASSUMED_CLASSES = 1000;
/** A number, or the largest of a range. */
const clusterCount = z.union([z.number(), z.object({ to: z.number() }).transform(({ to }) => to)]);
const clusterOptions = z.object({ algorithm: z.object({ options: z.object({ clusters: clusterCount }) }) });

/** Classes that a recipe leads to when nothing has run: as asked, as the cluster stage is told, or a guess that is said aloud. */
export function foreseenClasses(
  { classes, options }: SketchContext,
  clusters: string,
): { classes: number; assumed: string[] } {
  if (classes !== undefined) return { classes, assumed: [`${classes} classes, as given`] };
  const known = clusterOptions.safeParse(options(clusters)).data?.algorithm.options.clusters;
  if (known !== undefined) return { classes: known, assumed: [`${known} classes, the clusters of '${clusters}'`] };
  return { classes: ASSUMED_CLASSES, assumed: [`${ASSUMED_CLASSES} classes; --classes says otherwise`] };
}
