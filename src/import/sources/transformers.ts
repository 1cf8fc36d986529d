import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { CONV_KERNELS, CONV_STRIDES } from '../../nn/encoder/conv-extractor.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { transformersNames, WEIGHT_NORMS } from '../names/maps-of-transformers.js';
import { parseConfig, readConfig } from './config-file.js';
import { encoderHearing, SPEAKER_HEAD } from './encoder-hearing.js';
import type { Found, Source } from './source.js';

/** Settings of transformers beside a checkpoint, and those of its feature extractor. */
export const TRANSFORMERS_CONFIG = 'config.json';
const PREPROCESSOR = 'preprocessor_config.json';

/** Encoders of transformers, by their type of model. */
const ENCODERS: Readonly<Record<string, string>> = {
  wav2vec2: 'wav2vec 2.0',
  hubert: 'HuBERT',
  wavlm: 'WavLM',
};

const only = <T extends string | number | boolean>(value: T, what: string) =>
  z.literal(value, `${what} is not supported`);
const numbersOf = (values: readonly number[], what: string) =>
  z
    .array(z.number())
    .refine((found) => found.join() === values.join(), `only ${what} [${values.join(', ')}] are supported`)
    .default([...values]);
const positive = z.number().int().positive();

const settings = z.looseObject({
  model_type: z.string(),
  num_hidden_layers: positive.default(12),
  hidden_size: positive.default(768),
  num_attention_heads: positive.default(12),
  intermediate_size: positive.default(3072),
  hidden_act: only('gelu', 'another activation').default('gelu'),
  feat_extract_activation: only('gelu', 'another activation').default('gelu'),
  feat_extract_norm: z.enum(['group', 'layer']).default('group'),
  feat_proj_layer_norm: z.boolean().default(true),
  do_stable_layer_norm: z.boolean().default(false),
  layer_norm_eps: only(1e-5, 'another layer_norm_eps').default(1e-5),
  conv_dim: z
    .array(positive)
    .length(CONV_KERNELS.length)
    .refine((dims) => dims.every((dim) => dim === dims[0]), 'convolutions of different widths are not supported')
    .default(CONV_KERNELS.map(() => 512)),
  conv_kernel: numbersOf(CONV_KERNELS, 'kernels'),
  conv_stride: numbersOf(CONV_STRIDES, 'strides'),
  conv_bias: z.boolean().default(false),
  num_conv_pos_embeddings: positive.default(128),
  num_conv_pos_embedding_groups: positive.default(16),
  conv_pos_batch_norm: only(false, 'normalising positions over the batch').default(false),
  position_embeddings_type: z.never('another kind of positions is not supported').optional(),
  add_adapter: only(false, 'an adapter behind the encoder').default(false),
  adapter_attn_dim: z.null('adapters of languages are not supported').optional(),
  num_buckets: positive.default(320),
  max_bucket_distance: positive.default(800),
});

const preprocessor = z.looseObject({
  sampling_rate: z
    .literal(SAMPLE_RATE_HZ, `the encoder hears another sampling rate than ${SAMPLE_RATE_HZ} Hz`)
    .default(SAMPLE_RATE_HZ),
  do_normalize: z.boolean().default(true),
});

/** Whether settings are those of a model of transformers. */
export const isTransformers = (config: unknown): config is { model_type: string } =>
  typeof config === 'object' && config !== null && 'model_type' in config && typeof config.model_type === 'string';

/** Tensors of the pretraining and of heads for other tasks. */
const UNUSED =
  /(^|\.)masked_spec_embed$|^(quantizer|project_q|project_hid|lm_head|classifier|projector|layer_weights|label_embeddings_concat|final_proj)(\.|$)/;

/**
 * An encoder of transformers, from its `config.json`: the encoder as it is, behind it a speaker head that is drawn and has to be trained.
 * @throws UserError for another architecture, another sampling rate, and settings that voxloop does not have
 */
export function transformersSource({ checkpoint, dir }: Found, config: { model_type: string }): Source {
  const path = join(dir, TRANSFORMERS_CONFIG);
  const kind = ENCODERS[config.model_type];
  if (kind === undefined)
    throw new UserError(
      `${path}: '${config.model_type}' is no encoder that voxloop has. It reads ${Object.keys(ENCODERS).join(', ')}.`,
    );
  const read = parseConfig(path, settings, config);
  const hearing = preprocessorOf(dir);
  const isWavlm = config.model_type === 'wavlm';
  const prefix = `${config.model_type}.`;
  const isWrapped = [...checkpoint.tensors.keys()].some((name) => name.startsWith(`${prefix}encoder.`));
  return {
    name: `${kind} encoder`,
    backbone: {
      name: config.model_type,
      options: {
        layers: read.num_hidden_layers,
        width: read.hidden_size,
        heads: read.num_attention_heads,
        feedForward: read.intermediate_size,
        normFirst: read.do_stable_layer_norm,
        convChannels: read.conv_dim[0],
        convNorm: read.feat_extract_norm,
        convBias: read.conv_bias,
        projectionNorm: read.feat_proj_layer_norm,
        positionKernel: read.num_conv_pos_embeddings,
        positionGroups: read.num_conv_pos_embedding_groups,
        ...(isWavlm && { buckets: read.num_buckets, maxDistance: read.max_bucket_distance }),
      },
    },
    features: encoderHearing(hearing.do_normalize),
    embeddingSize: 256,
    names: transformersNames(weightNormOf(checkpoint)),
    drawn: SPEAKER_HEAD,
    unused: UNUSED,
    ...(isWrapped && { prefix }),
    licence: `that of its model card, such as MIT or Apache-2.0 for the encoders of ${kind}`,
  };
}

/** What the encoder hears; the usual settings where nothing lies beside it. */
function preprocessorOf(dir: string): z.output<typeof preprocessor> {
  const path = join(dir, PREPROCESSOR);
  return parseConfig(path, preprocessor, existsSync(path) ? readConfig(path) : {});
}

/** The names of the positional convolution's length and direction that the checkpoint has; the usual ones where it has neither. */
const weightNormOf = ({ tensors }: Checkpoint): readonly [string, string] =>
  WEIGHT_NORMS.find(([, direction]) =>
    [...tensors.keys()].some((name) => name.endsWith(`pos_conv_embed.conv.${direction}`)),
  ) ?? WEIGHT_NORMS[0];
