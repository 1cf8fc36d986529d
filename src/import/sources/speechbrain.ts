import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { speechbrainEcapaNames } from '../names/maps-of-speechbrain.js';
import { parseConfig } from './config-file.js';
import type { Found, Source } from './source.js';

/** SpeechBrain's settings beside a checkpoint, in HyperPyYAML. */
export const SPEECHBRAIN_CONFIG = 'hyperparams.yaml';

const off = (what: string) => z.literal(false, `${what} is not supported`).optional();
const numbersOf = (...values: number[]) =>
  z
    .array(z.number())
    .refine((found) => found.join() === values.join(), `only [${values.join(', ')}] is supported`)
    .optional();
const positive = z.number().int().positive();

/** Settings of an ECAPA-TDNN, as SpeechBrain names them and sslsv after it. */
export const ecapaSettings = {
  channels: z
    .tuple([positive, positive, positive, positive, positive])
    .refine((channels) => channels.slice(1, 4).every((width) => width === channels[0]), 'the blocks are of one width')
    .default([512, 512, 512, 512, 1536]),
  kernel_sizes: numbersOf(5, 3, 3, 3, 1),
  dilations: numbersOf(1, 2, 3, 4, 1),
  groups: numbersOf(1, 1, 1, 1, 1),
  attention_channels: positive.default(128),
  res2net_scale: z.literal(8).optional(),
  se_channels: positive.default(128),
  global_context: z.boolean().default(true),
};

/** The backbone of an ECAPA-TDNN of these settings. */
export const speechbrainEcapa = (
  { channels, se_channels, attention_channels, global_context }: z.output<z.ZodObject<typeof ecapaSettings>>,
  embeddingSize: number,
): Source['backbone'] => ({
  name: 'ecapa-1024-glob',
  options: {
    arrangement: 'speechbrain',
    width: channels[0],
    aggregated: channels[4],
    squeezed: se_channels,
    embeddingSize,
    pooling: {
      name: 'astp',
      bottleneck: attention_channels,
      globalContext: global_context,
      norm: true,
      variance: 'speechbrain',
    },
  },
});

const settings = z.looseObject({
  compute_features: z.looseObject({
    n_mels: positive,
    deltas: off('adding derivatives to features'),
    context: off('adding neighbouring frames to features'),
    sample_rate: z.literal(16000).optional(),
    f_min: z.number().nonnegative().default(0),
    f_max: z.number().positive().default(8000),
    n_fft: z.literal(400).optional(),
    win_length: z.literal(25).optional(),
    hop_length: z.literal(10).optional(),
    filter_shape: z.literal('triangular').optional(),
  }),
  mean_var_norm: z.looseObject({
    norm_type: z.literal('sentence', 'only means over the recording are supported'),
    std_norm: z.literal(false, 'normalising the variance of features is not supported'),
  }),
  embedding_model: z.looseObject({
    input_size: positive,
    ...ecapaSettings,
    lin_neurons: positive.default(192),
  }),
});

/** Whether settings are those of an embedding model of SpeechBrain. */
export const isSpeechBrain = (config: unknown): config is Record<string, unknown> =>
  typeof config === 'object' && config !== null && 'embedding_model' in config && 'compute_features' in config;

/** SpeechBrain's ECAPA-TDNN, from its `hyperparams.yaml`. @throws UserError for other networks and settings */
export function speechbrainSource({ dir }: Found, config: Record<string, unknown>): Source {
  const path = join(dir, SPEECHBRAIN_CONFIG);
  const { compute_features: fbank, embedding_model: model } = parseConfig(path, settings, resolved(config, config));
  const { channels, lin_neurons: embeddingSize, global_context: globalContext } = model;
  return {
    name: 'SpeechBrain ECAPA_TDNN',
    backbone: speechbrainEcapa(model, embeddingSize),
    features: parseConfig(path, featureDefinition, {
      frontEnd: 'speechbrain',
      bins: fbank.n_mels,
      lowHz: fbank.f_min,
      highHz: fbank.f_max,
      preEmphasis: 0,
      removeDcOffset: false,
      energyFloor: ENERGY_FLOOR,
    }),
    embeddingSize,
    names: speechbrainEcapaNames({ aggregated: channels[4], globalContext }),
    licence: "Apache-2.0, SpeechBrain's, and that of the training data, CC BY 4.0 for VoxCeleb",
  };
}

/** 1e-10 of full scale, on int16 scale. */
const ENERGY_FLOOR = 1e-10 * 2 ** 30;

/** The largest depth of settings within settings. */
const DEEPEST = 20;

/** A value with its references `<name>` replaced by the settings of those names. */
function resolved(value: unknown, settings: Record<string, unknown>, depth = 0): unknown {
  if (depth > DEEPEST) return undefined;
  if (typeof value === 'string') {
    const name = /^<(\w+)>$/.exec(value)?.[1];
    return name !== undefined && Object.hasOwn(settings, name) ? resolved(settings[name], settings, depth + 1) : value;
  }
  if (Array.isArray(value)) return value.map((item) => resolved(item, settings, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, settings, depth + 1)]));
}
