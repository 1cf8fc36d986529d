import type { PublishedNames } from './published-names.js';

const layer = (number: number) => `encoder.layers.${number - 1}`;
const conv = (number: number) => `feature_extractor.conv_layers.${number - 1}`;

/** The two ways in which PyTorch has named length and direction under weight normalisation. */
export const WEIGHT_NORMS = [
  ['weight_g', 'weight_v'],
  ['parametrizations.weight.original0', 'parametrizations.weight.original1'],
] as const;

/**
 * Names of wav2vec 2.0, HuBERT and WavLM in transformers (https://github.com/huggingface/transformers).
 * @param weightNorm the names of length and direction of the positional convolution
 */
export const transformersNames = ([length, direction]: readonly [string, string]): PublishedNames => ({
  rules: [
    ['encoder/conv(\\d)', (number) => `${conv(number)}.conv`],
    ['encoder/conv(\\d)-norm', (number) => `${conv(number)}.layer_norm`],
    ['encoder/projection-norm', 'feature_projection.layer_norm'],
    ['encoder/projection', 'feature_projection.projection'],
    ['encoder/positions', 'encoder.pos_conv_embed.conv'],
    ['encoder/norm', 'encoder.layer_norm'],
    ['encoder/relative', 'encoder.layers.0.attention.rel_attn_embed'],
    ['encoder/layer(\\d+)/attention/query', (number) => `${layer(number)}.attention.q_proj`],
    ['encoder/layer(\\d+)/attention/key', (number) => `${layer(number)}.attention.k_proj`],
    ['encoder/layer(\\d+)/attention/value', (number) => `${layer(number)}.attention.v_proj`],
    ['encoder/layer(\\d+)/attention/out', (number) => `${layer(number)}.attention.out_proj`],
    ['encoder/layer(\\d+)/attention/gate/linear', (number) => `${layer(number)}.attention.gru_rel_pos_linear`],
    ['encoder/layer(\\d+)/attention/gate', (number) => `${layer(number)}.attention.gru_rel_pos_const`],
    ['encoder/layer(\\d+)/attention-norm', (number) => `${layer(number)}.layer_norm`],
    ['encoder/layer(\\d+)/inner', (number) => `${layer(number)}.feed_forward.intermediate_dense`],
    ['encoder/layer(\\d+)/outer', (number) => `${layer(number)}.feed_forward.output_dense`],
    ['encoder/layer(\\d+)/outer-norm', (number) => `${layer(number)}.final_layer_norm`],
  ],
  weightNorm: {
    'encoder/positions/weight': [`encoder.pos_conv_embed.conv.${length}`, `encoder.pos_conv_embed.conv.${direction}`],
  },
  untransposed: ['encoder/relative/weight'],
  bare: ['strength'],
});
