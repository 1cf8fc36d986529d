import { type ModelInfo, refuseModel, writeModel } from '../embed/model-file.js';
import { messageOf, UserError } from '../errors.js';
import type { Backbone } from '../nn/backbone.js';
import type { Scope } from '../nn/scope.js';
import { convertWeights } from './convert.js';
import { licenceOfCard } from './licence.js';
import type { Format } from './sources/formats.js';
import { recognise } from './sources/recognise.js';
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
  /** Options of the speaker head that an encoder gets, such as {head: mhfa, adapter: 64}. Default: the backbone's own. */
  head?: Record<string, unknown>;
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
  { format, head = {}, licence: known, builder }: ImportContext,
): Promise<ImportSummary> {
  refuseModel(out);
  const { checkpoint, dir, source: found } = await recognise(path, format);
  const source = withHead(found, head);
  const { name, backbone, features, embeddingSize, hearing = 'unchanged' } = source;
  const weights = convertWeights(checkpoint, source, await builderOf(source, builder));
  const licence = known ?? licenceOfCard(dir) ?? source.licence;
  writeModel(out, { origin: name, backbone, features, embeddingSize, hearing, licence }, weights);
  const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return { name, weights: checkpoint.path, backbone, features, embeddingSize, numbers, licence };
}

/** Options of a network that say what stands behind an encoder, or within it, and is drawn. */
const HEAD_OPTIONS = ['head', 'pooling', 'adapter', 'mhfaHeads', 'mhfaSize', 'embeddingSize'];

/** The source with another head. @throws UserError for a network that has a head of its own, and for options of the encoder */
function withHead(source: Source, head: Record<string, unknown>): Source {
  const names = Object.keys(head);
  if (names.length === 0) return source;
  if (!source.drawn)
    throw new UserError(`${source.name} comes with its own embedding: leave ${names.join(', ')} out of the import.`);
  const stranger = names.find((name) => !HEAD_OPTIONS.includes(name));
  if (stranger !== undefined)
    throw new UserError(`'${stranger}' belongs to the encoder. What can be chosen is ${HEAD_OPTIONS.join(', ')}.`);
  const { embeddingSize = source.embeddingSize } = head;
  const { name, options } = source.backbone;
  return {
    ...source,
    embeddingSize: Number(embeddingSize),
    backbone: { name, options: { ...options, ...head } },
  };
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
