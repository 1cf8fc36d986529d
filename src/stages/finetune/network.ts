import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import { loadWeights } from '../../embed/extract.js';
import type { ModelInfo } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { faultsWhere } from '../../plugin/faults.js';
import { asWritten } from '../../plugin/options.js';
import type { SketchContext, StageContext } from '../../plugin/stage.js';
import { type Classifier, readClassifier } from '../../train/classifier/classifier-file.js';
import type { FinetuneParts, Finetuner } from '../../train/finetuner.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { backboneBuilder, modelBuilder } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import type { FinetuneOptions } from './options.js';

/** What a recipe says of the network to train. */
type StartOptions = Pick<FinetuneOptions, 'init' | 'backbone' | 'features' | 'loss' | 'classifier'>;

/** The start of a training: a network on disk, or a new one. */
export interface Start {
  features: FeatureDefinition;
  backbone: FinetuneParts['backbone'];
  /** Describes the resulting network, apart from the embedding's size. */
  info: Pick<ModelInfo, 'origin' | 'backbone' | 'features' | 'hearing'>;
  /** The classifier, where one is kept. */
  classifier?: Classifier;
  /** Loads the initial weights. */
  load(session: Session, trainer: Pick<Finetuner, 'scope' | 'headScope'>): Promise<void>;
}

/** Where a network's features come from when the recipe does not say. */
export interface FeatureSources {
  /** Those that the corpus holds. */
  stored?: FeatureDefinition;
  /** Default: the usual ones. */
  otherwise?: FeatureDefinition;
}

/** A network on disk, with its classifier where that is kept, or a new one; for stored features of that definition, if they are. */
export async function openStart(
  { registry, artifact }: Pick<StageContext, 'registry' | 'artifact'>,
  options: StartOptions,
  sources: FeatureSources,
): Promise<Start> {
  const { stored } = sources;
  const { init, backbone, loss, classifier: kind } = options;
  // Stored features are heard as they are.
  const hearing = stored && { hearing: 'unchanged' as const };
  if (init === undefined) {
    const features = featuresFromScratch(options, sources);
    return {
      features,
      backbone: await backboneBuilder(registry, backbone!, features.bins),
      info: {
        origin: 'classifier',
        backbone: { name: backbone!.name, options: asWritten(backbone!.options) as Record<string, unknown> },
        features,
        ...hearing,
      },
      load: async () => {},
    };
  }
  const model = openModelArtifact(artifact(init));
  const { features, backbone: written, origin } = model.info;
  const classifier = kind === 'keep' ? readClassifier(model.dir) : undefined;
  if (classifier && classifier.info.loss !== loss.name)
    throw new UserError(
      `classifier: keep: the classifier of '${init}' is one of '${classifier.info.loss}', and the loss is '${loss.name}'. ` +
        'Give its loss, or classifier: new.',
    );
  return {
    features,
    backbone: await modelBuilder(registry, model.info),
    info: { origin: classifier ? origin : `classifier from ${origin}`, backbone: written, features, ...hearing },
    classifier,
    async load(session, trainer) {
      await loadWeights(session, trainer.scope, model);
      if (classifier) await loadWeights(session, trainer.headScope, classifier);
    },
  };
}

const featuresFromScratch = ({ features }: StartOptions, { stored, otherwise }: FeatureSources): FeatureDefinition =>
  features ?? stored ?? otherwise ?? featureDefinition.parse({});

/** Features and backbone of a recipe before anything has run. */
export async function sketchStart(context: SketchContext, options: StartOptions, sources: FeatureSources) {
  if (options.init !== undefined) return sketchInit(context, options.init);
  return { features: featuresFromScratch(options, sources), backbone: options.backbone! };
}

/** Faults in what is said of the classifier. */
export function classifierFaults({ init, classifier, prototypes }: FinetuneOptions): string[] {
  return faultsWhere([
    [
      init === undefined && classifier === 'keep',
      () => 'classifier: keep: there is no classifier to keep without `init`.',
    ],
    [
      classifier === 'keep' && prototypes !== undefined,
      () => 'prototypes: they would replace the classifier that is kept.',
    ],
  ]);
}

/** The default number of classes. */
const ASSUMED_CLASSES = 1000;
/** A number, or the largest of a range. */
const clusterCount = z.union([z.number(), z.object({ to: z.number() }).transform(({ to }) => to)]);
const clusterOptions = z.object({ algorithm: z.object({ options: z.object({ clusters: clusterCount }) }) });

/** Number of classes to assume before anything has run: `--classes`, else the cluster stage's option, else a default that is reported. */
export function plannedClasses(
  { classes, options }: SketchContext,
  clusters: string | undefined,
): { classes: number; assumed: string[] } {
  if (classes !== undefined) return { classes, assumed: [`${classes} classes, as given`] };
  const written = clusters === undefined ? undefined : clusterOptions.safeParse(options(clusters)).data;
  const known = written?.algorithm.options.clusters;
  if (known !== undefined) return { classes: known, assumed: [`${known} classes, the clusters of '${clusters}'`] };
  return { classes: ASSUMED_CLASSES, assumed: [`${ASSUMED_CLASSES} classes; --classes says otherwise`] };
}
