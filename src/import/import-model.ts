import { type ModelInfo, refuseModel, writeModel } from '../embed/model-file.js';
import { messageOf, UserError } from '../errors.js';
import type { Backbone } from '../nn/backbone.js';
import type { Scope } from '../nn/scope.js';
import { convertWeights } from './convert.js';
import { licenceOfCard } from './licence.js';
import { type Format, recognise } from './sources/recognise.js';
import type { Source } from './sources/source.js';

/** What was imported. */
export interface ImportSummary {
  /** The network, for people: `WeSpeaker ResNet34`. */
  name: string;
  /** The file of weights that was read. */
  weights: string;
  backbone: ModelInfo['backbone'];
  features: ModelInfo['features'];
  embeddingSize: number;
  /** Numbers of the network, running statistics included. */
  numbers: number;
  /** What its card says, or what is usual for models of its kind. */
  licence: string;
}

/** The means of an import. */
export interface ImportContext {
  /** Toolkit that the model is from; default: its settings and names tell. */
  format?: Format;
  /** Its licence, where that is known. Default: that of its card, or of its kind. */
  licence?: string;
  /** The backbone of a model's description, as a function that builds it. */
  builder(info: Pick<ModelInfo, 'backbone' | 'features'>): Promise<(scope: Scope) => Backbone>;
}

/**
 * Reads a published model and writes it as a model folder: weights in voxloop's layout, and the features, level and mean that it was made
 * for. Nothing of the file runs, and nothing is written where it does not fit.
 * @throws UserError that says what the source lacks, or has and should not
 */
export async function importModel(
  path: string,
  out: string,
  { format, licence: known, builder }: ImportContext,
): Promise<ImportSummary> {
  refuseModel(out);
  const { checkpoint, dir, source } = await recognise(path, format);
  const { name, backbone, features, embeddingSize, hearing = 'unchanged' } = source;
  const weights = convertWeights(checkpoint, source, await builderOf(source, builder));
  const licence = known ?? licenceOfCard(dir) ?? source.licence;
  writeModel(out, { origin: name, backbone, features, embeddingSize, hearing, licence }, weights);
  const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return { name, weights: checkpoint.path, backbone, features, embeddingSize, numbers, licence };
}

/** The backbone of a source: sizes that it cannot have are the fault of the file. */
async function builderOf(source: Source, builder: ImportContext['builder']): Promise<(scope: Scope) => Backbone> {
  const refused = (error: unknown) =>
    new UserError(`${source.name} cannot be built with its settings: ${messageOf(error)}`);
  const build = await builder(source).catch((error: unknown) => {
    throw refused(error);
  });
  return (scope) => {
    try {
      return build(scope);
    } catch (error) {
      throw refused(error);
    }
  };
}
