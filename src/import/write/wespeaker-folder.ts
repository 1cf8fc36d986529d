import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Model, ModelInfo } from '../../embed/model-file.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { publishedTensors } from '../names/published-tensors.js';
import {
  KNOWN_NETWORKS,
  WESPEAKER_CONFIG,
  type WeSpeakerConfig,
  wespeakerConfigFor,
  wespeakerNetworkOf,
} from '../sources/wespeaker.js';
import { differencesOf } from './differences.js';
import { writeTorch } from './write-torch.js';

/** What was written. */
export interface WeSpeakerSummary {
  out: string;
  files: string[];
  /** Of all files together. */
  bytes: number;
  /** The network as WeSpeaker calls it. */
  model: string;
  /** Numbers of the network, running statistics included. */
  numbers: number;
}

/** A backbone's options as its plugin reads them, defaults included. */
export type ResolveOptions = (info: Pick<ModelInfo, 'backbone' | 'features'>) => Promise<Record<string, unknown>>;

const WEIGHTS = 'avg_model.pt';

/** Options that change how a network is computed and not what it gives. */
const WITHOUT_EFFECT = ['checkpointing', 'fused'];

/**
 * Writes a model as WeSpeaker's own loader takes it: `avg_model.pt` and `config.yaml`. The mean embedding is not part of it.
 * @throws UserError for a network, option or feature that WeSpeaker does not have; it lists what can be written so
 */
export async function writeWeSpeaker(model: Model, out: string, resolve: ResolveOptions): Promise<WeSpeakerSummary> {
  const files = [WESPEAKER_CONFIG, WEIGHTS];
  const taken = files.find((name) => existsSync(join(out, name)));
  if (taken) throw new UserError(`${out} holds a ${taken} already. Name another folder, or delete it.`);
  const { config, names } = await fittingConfig(model, resolve);
  const tensors = publishedTensors(names, withAffineNorm(model, config));
  writeFileAtomic(join(out, WESPEAKER_CONFIG), stringify(config));
  writeTorch(join(out, WEIGHTS), 'avg_model', tensors);
  return {
    out,
    files,
    bytes: files.reduce((sum, name) => sum + statSync(join(out, name)).size, 0),
    model: config.model,
    numbers: Object.values(model.weights).reduce((sum, { data }) => sum + data.length, 0),
  };
}

/** The settings that are read again as this very model. */
async function fittingConfig({ dir, info }: Model, resolve: ResolveOptions) {
  const list = `What can be written so: ${KNOWN_NETWORKS}, in their usual widths, with WeSpeaker's features.`;
  const network = wespeakerNetworkOf(info.backbone.name);
  if (!network) throw new UserError(`${dir}: WeSpeaker has no network like '${info.backbone.name}'. ${list}`);
  const { model, binsOf } = network;
  const own = await resolve(info);
  const { config, source } = wespeakerConfigFor(model, info, own);
  const { bins } = info.features;
  const faults = [
    ...differencesOf(asAffine(own), await resolve(source), WITHOUT_EFFECT),
    ...differencesOf(info.features, source.features).map((fault) => `features.${fault}`),
    ...(bins % binsOf === 0 ? [] : [`features.bins is ${bins} and no multiple of ${binsOf}`]),
  ];
  if (faults.length === 0) return { config, names: source.names };
  throw new UserError(`${dir} is not quite WeSpeaker's ${model}: ${faults.join('; ')}. ${list}`);
}

/** A plain normalisation is an affine one with scale 1 and offset 0, which WeSpeaker has. */
const asAffine = (options: Record<string, unknown>): Record<string, unknown> =>
  options.embeddingNorm === 'plain' ? { ...options, embeddingNorm: 'affine' } : options;

function withAffineNorm({ weights, info }: Model, { model_args: args }: WeSpeakerConfig): Model['weights'] {
  if (!args.emb_bn || 'embedding-norm/scale' in weights) return weights;
  const { embeddingSize: size } = info;
  return {
    ...weights,
    'embedding-norm/scale': float32(new Float32Array(size).fill(1)),
    'embedding-norm/offset': float32(new Float32Array(size)),
  };
}
