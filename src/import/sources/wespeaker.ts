import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import {
  campplusNames,
  dfResnetNames,
  ecapaNames,
  repvggNames,
  resnetNames,
  xvectorNames,
} from '../names/maps-of-wespeaker.js';
import type { PublishedNames } from '../names/published-names.js';
import { parseConfig } from './config-file.js';
import type { Found, Source } from './source.js';

/** WeSpeaker's own settings beside a checkpoint. */
export const WESPEAKER_CONFIG = 'config.yaml';

const off = (what: string) => z.literal(false, `${what} is not supported`).default(false);

const modelArguments = z.looseObject({
  feat_dim: z.number().int().positive(),
  embed_dim: z.number().int().positive(),
  pooling_func: z.enum(['TAP', 'TSDP', 'TSTP', 'ASTP']).optional(),
  two_emb_layer: off('a second embedding layer'),
  emb_bn: z.boolean().default(false),
  deploy: off('a RepVGG whose branches are fused already'),
  use_se: off('squeeze-excitation in RepVGG'),
  growth_rate: z.literal(32).optional(),
  bn_size: z.literal(4).optional(),
  init_channels: z.literal(128).optional(),
  config_str: z.literal('batchnorm-relu').optional(),
  hid_dim: z.literal(512).optional(),
  stats_dim: z.literal(1500).optional(),
});
type ModelArguments = z.output<typeof modelArguments>;

const settings = z.looseObject({
  model: z.string(),
  model_args: modelArguments,
  dataset_args: z
    .looseObject({
      frontend: z.literal('fbank', 'features of another network are not supported').default('fbank'),
      resample_rate: z.literal(16000).default(16000),
      fbank_args: z
        .looseObject({
          num_mel_bins: z.number().int().optional(),
          frame_shift: z.number().positive().default(10),
          frame_length: z.number().positive().default(25),
          dither: z.number().nonnegative().default(1),
        })
        .prefault({}),
      cmvn: z.boolean().default(true),
      cmvn_args: z
        .looseObject({
          norm_mean: z.boolean().default(true),
          norm_var: off('normalising the variance of features'),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** Whether settings are WeSpeaker's. */
export const isWeSpeaker = (config: unknown): boolean =>
  typeof config === 'object' && config !== null && 'model' in config && 'model_args' in config;

/** A model of WeSpeaker, from its `config.yaml`. @throws UserError for a network or setting that voxloop does not have */
export function wespeakerSource({ checkpoint, dir }: Found, config: unknown): Source {
  const path = join(dir, WESPEAKER_CONFIG);
  const { model, model_args: args, dataset_args: data } = parseConfig(path, settings, config);
  const family = FAMILIES.find(({ models }) => models.includes(model));
  if (!family) throw new UserError(`${path}: voxloop has no network '${model}'. It reads ${KNOWN_NETWORKS}.`);
  const { fbank_args: fbank, cmvn, cmvn_args: normalised } = data;
  return {
    name: `WeSpeaker ${model}`,
    ...family.network(model, args, checkpoint),
    features: parseConfig(path, featureDefinition, {
      bins: args.feat_dim,
      frameLengthMs: fbank.frame_length,
      frameShiftMs: fbank.frame_shift,
      dither: fbank.dither,
      cmn: cmvn && normalised.norm_mean,
    }),
    embeddingSize: args.embed_dim,
    licence: 'that of the training data, such as CC BY 4.0 for VoxCeleb (WeSpeaker, docs/pretrained.md)',
  };
}

interface Family {
  models: readonly string[];
  /** Bins are a multiple of it where a network is built by WeSpeaker, which rounds down. */
  binsOf?: number;
  network(model: string, args: ModelArguments, checkpoint: Checkpoint): Pick<Source, 'backbone' | 'names'>;
}

/** Channels of the first layer: the first axis of its weight. The checkpoint is compared with the whole network later. */
const widthOf = ({ tensors }: Checkpoint, name: string): { width?: number } => {
  const width = tensors.get(name)?.shape[0];
  return width ? { width } : {};
};

/** A network over maps; statistics of their rows and channels stand side by side. */
function overMaps(
  name: string,
  { embed_dim: embeddingSize, pooling_func: pooling = 'TSTP' }: ModelArguments,
  more: Record<string, unknown> = {},
): Source['backbone'] {
  if (pooling === 'ASTP')
    throw new UserError(`Attentive pooling behind ${name} is not supported. Import a model with TSTP.`);
  return { name, options: { ...more, embeddingSize, pooling: { name: pooling.toLowerCase() } } };
}

/** Mean alone, deviation alone, or both. */
const withParts = (names: PublishedNames, { pooling_func: pooling = 'TSTP' }: ModelArguments): PublishedNames => {
  if (!names.flattened || names.flattened.parts === 1 || pooling === 'TSTP') return names;
  return { ...names, flattened: { ...names.flattened, parts: 1 } };
};

const FAMILIES: readonly Family[] = [
  {
    models: [18, 34, 50, 101, 152, 221, 293].map((layers) => `ResNet${layers}`),
    binsOf: 8,
    network: (model, args, checkpoint) => ({
      backbone: overMaps(model.toLowerCase(), args, widthOf(checkpoint, 'conv1.weight')),
      names: withParts(resnetNames(Math.ceil(args.feat_dim / 8)), args),
    }),
  },
  {
    models: [60, 114, 183, 237].map((layers) => `Gemini_DF_ResNet${layers}`),
    binsOf: 16,
    network: (model, args, checkpoint) => ({
      backbone: overMaps(model.toLowerCase().replaceAll('_', '-'), args, {
        ...widthOf(checkpoint, 'downsample_layers.0.0.weight'),
        rectifiedDownsampling: false,
      }),
      names: withParts(dfResnetNames(Math.ceil(args.feat_dim / 16)), args),
    }),
  },
  {
    models: ['REPVGG_TINY_A0'],
    binsOf: 8,
    network: (_, args, checkpoint) => ({
      backbone: overMaps('repvgg-a0', args, widthOf(checkpoint, 'stage0.rbr_dense.conv.weight')),
      names: withParts(repvggNames(Math.ceil(args.feat_dim / 8)), args),
    }),
  },
  {
    models: ['CAMPPlus'],
    binsOf: 8,
    network: (_, args) => ({
      backbone: overMaps('campplus', args),
      names: campplusNames(Math.ceil(args.feat_dim / 8)),
    }),
  },
  {
    models: ['ECAPA_TDNN_c512', 'ECAPA_TDNN_GLOB_c512', 'ECAPA_TDNN_c1024', 'ECAPA_TDNN_GLOB_c1024'],
    network: ecapa,
  },
  {
    models: ['XVEC'],
    network: (_, args) => ({ backbone: overMaps('xvector', args, { padding: 'valid' }), names: xvectorNames }),
  },
];

/** In words. */
export const KNOWN_NETWORKS =
  'ResNet18 to ResNet293, Gemini_DF_ResNet60 to 237, REPVGG_TINY_A0, CAMPPlus, ECAPA_TDNN_c512 and c1024 (also GLOB_), XVEC';

function ecapa(model: string, { embed_dim: embeddingSize, emb_bn: norm, pooling_func: pooling }: ModelArguments) {
  if (pooling !== undefined && pooling !== 'ASTP')
    throw new UserError(`${model} with ${pooling} is not supported. Import a model with ASTP.`);
  const globalContext = model.includes('GLOB');
  const name = `ecapa-${/\d+$/.exec(model)![0]}${globalContext ? '-glob' : ''}`;
  return {
    backbone: { name, options: { embeddingSize, ...(norm && { embeddingNorm: 'affine' }) } },
    names: ecapaNames(1536, globalContext),
  };
}

/** Settings of WeSpeaker, of which `wespeakerSource` reads a model. */
export interface WeSpeakerConfig {
  model: string;
  model_args: { feat_dim: number; embed_dim: number; pooling_func: string; emb_bn?: true };
  dataset_args: Record<string, unknown>;
}

/** The network of WeSpeaker that is read as a backbone; undefined for a backbone of voxloop's own. */
export function wespeakerNetworkOf(backbone: string): { model: string; binsOf: number } | undefined {
  const usual = modelArguments.parse({ feat_dim: 80, embed_dim: 1 });
  const all = FAMILIES.flatMap(({ models, network, binsOf = 1 }) =>
    models.map((model) => ({ model, binsOf, name: network(model, usual, NO_CHECKPOINT).backbone.name })),
  );
  return all.find(({ name }) => name === backbone);
}

/** Poolings over maps and frames. */
const POOLINGS: Readonly<Record<string, string>> = { tap: 'TAP', tsdp: 'TSDP', tstp: 'TSTP' };

/**
 * The settings of a network of WeSpeaker that come nearest to a model with such features, and what would be read of them; `options` are
 * those of its backbone, defaults included. Whether that is the same model, whoever calls compares.
 */
export function wespeakerConfigFor(
  model: string,
  { features, embeddingSize }: Pick<Source, 'features' | 'embeddingSize'>,
  options: Readonly<Record<string, unknown>>,
): { config: WeSpeakerConfig; source: Source } {
  const { bins, cmn, dither, frameLengthMs, frameShiftMs, sampleRateHz } = features;
  const { name = '' } = (options.pooling ?? {}) as { name?: string };
  const isEcapa = model.startsWith('ECAPA');
  const config: WeSpeakerConfig = {
    model,
    model_args: {
      feat_dim: bins,
      embed_dim: embeddingSize,
      pooling_func: isEcapa ? 'ASTP' : (POOLINGS[name] ?? 'TSTP'),
      // The other networks do not take it.
      ...(isEcapa && options.embeddingNorm !== 'none' && { emb_bn: true }),
    },
    dataset_args: {
      frontend: 'fbank',
      resample_rate: sampleRateHz,
      fbank_args: { num_mel_bins: bins, frame_shift: frameShiftMs, frame_length: frameLengthMs, dither },
      cmvn: cmn,
      cmvn_args: { norm_mean: cmn, norm_var: false },
    },
  };
  return { config, source: wespeakerSource({ checkpoint: NO_CHECKPOINT, dir: '' }, config) };
}

/** Without tensors, widths are the usual ones: WeSpeaker builds no others. */
const NO_CHECKPOINT: Checkpoint = { path: '', bytes: 0, tensors: new Map(), note: () => undefined };
