import type { PublishedNames } from './published-names.js';

const layer = (number: number) => `encoder.layers.${number - 1}`;
const conv = (number: number) => `feature_extractor.conv_layers.${number - 1}`;

/**
 * Names of wav2vec 2.0 and HuBERT in fairseq (https://github.com/facebookresearch/fairseq), and of WavLM in its authors' own code
 * (https://github.com/microsoft/unilm).
 * @param convNorm what stands behind a convolution: the norm itself, or one between two turns of the axes
 */
export const fairseqNames = (convNorm: 'group' | 'layer'): PublishedNames => ({
  rules: [
    ['encoder/conv(\\d)', (number) => `${conv(number)}.0`],
    ['encoder/conv(\\d)-norm', (number) => (convNorm === 'group' ? `${conv(number)}.2` : `${conv(number)}.2.1`)],
    ['encoder/projection-norm', 'layer_norm'],
    ['encoder/projection', 'post_extract_proj'],
    ['encoder/positions', 'encoder.pos_conv.0'],
    ['encoder/norm', 'encoder.layer_norm'],
    ['encoder/relative', 'encoder.layers.0.self_attn.relative_attention_bias'],
    ['encoder/layer(\\d+)/attention/query', (number) => `${layer(number)}.self_attn.q_proj`],
    ['encoder/layer(\\d+)/attention/key', (number) => `${layer(number)}.self_attn.k_proj`],
    ['encoder/layer(\\d+)/attention/value', (number) => `${layer(number)}.self_attn.v_proj`],
    ['encoder/layer(\\d+)/attention/out', (number) => `${layer(number)}.self_attn.out_proj`],
    ['encoder/layer(\\d+)/attention/gate/linear', (number) => `${layer(number)}.self_attn.grep_linear`],
    ['encoder/layer(\\d+)/attention/gate', (number) => `${layer(number)}.self_attn.grep_a`],
    ['encoder/layer(\\d+)/attention-norm', (number) => `${layer(number)}.self_attn_layer_norm`],
    ['encoder/layer(\\d+)/inner', (number) => `${layer(number)}.fc1`],
    ['encoder/layer(\\d+)/outer', (number) => `${layer(number)}.fc2`],
    ['encoder/layer(\\d+)/outer-norm', (number) => `${layer(number)}.final_layer_norm`],
  ],
  weightNorm: {
    'encoder/positions/weight': ['encoder.pos_conv.0.weight_g', 'encoder.pos_conv.0.weight_v'],
  },
  untransposed: ['encoder/relative/weight'],
  bare: ['strength'],
});
