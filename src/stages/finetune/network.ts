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
import { adaptModel, withAdaptersOf, withoutAdapters } from '../objectives/adapted-network.js';
import { backboneBuilder, modelBuilder } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import type { FinetuneOptions } from './options.js';

/** What a recipe says of the network to train. */
type StartOptions = Pick<FinetuneOptions, 'init' | 'backbone' | 'features' | 'loss' | 'classifier' | 'adapters'>;

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
  const { init, backbone, loss, classifier: kind, adapters } = options;
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
  const adapted = adapters && (await adaptModel(registry, model.info, adapters));
  const described = adapted?.written ?? written;
  return {
    features,
    backbone: adapted
      ? await backboneBuilder(registry, adapted.choice, features.bins)
      : await modelBuilder(registry, model.info),
    info: { origin: classifier ? origin : `classifier from ${origin}`, backbone: described, features, ...hearing },
    classifier,
    async load(session, trainer) {
      const known = adapted?.isNew ? withoutAdapters(trainer.scope) : trainer.scope;
      await loadWeights(session, known, model);
      if (classifier) await loadWeights(session, trainer.headScope, classifier);
    },
  };
}

const featuresFromScratch = ({ features }: StartOptions, { stored, otherwise }: FeatureSources): FeatureDefinition =>
  features ?? stored ?? otherwise ?? featureDefinition.parse({});

/** Features and backbone of a recipe before anything has run. */
export async function sketchStart(context: SketchContext, options: StartOptions, sources: FeatureSources) {
  if (options.init !== undefined) {
    const network = await sketchInit(context, options.init);
    if (!options.adapters) return network;
    return { ...network, backbone: await withAdaptersOf(context.registry, network.backbone, options.adapters) };
  }
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
