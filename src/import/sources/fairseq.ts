import { UserError } from '../../errors.js';
import { CONV_KERNELS, CONV_STRIDES } from '../../nn/encoder/conv-extractor.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { fairseqNames } from '../names/maps-of-fairseq.js';
import { encoderHearing, SPEAKER_HEAD } from './encoder-hearing.js';
import type { Source } from './source.js';

/** The first convolution, in front of which a recogniser's names have those of what is around the encoder. */
const FIRST_CONV = 'feature_extractor.conv_layers.0.0.weight';

/** Where the settings of a network lie in files of the years: around a recogniser, of Hydra, of the command line, of WavLM. */
const PLACES = [
  ['cfg', 'model', 'w2v_args', 'model'],
  ['cfg', 'model', 'w2v_args'],
  ['args', 'w2v_args', 'model'],
  ['args', 'w2v_args'],
  ['cfg', 'model'],
  ['args'],
  ['cfg'],
];

/** Tensors of the pretraining, and of a recogniser around the encoder. */
const UNUSED =
  /(^|\.)(mask_emb|label_embs_concat)$|(^|\.)(quantizer|input_quantizer|project_q|project_inp|final_proj|target_glu)\.|^w2v_encoder\.proj\./;

/** Whether a file has the names of fairseq's speech encoders. */
export const isFairseq = (checkpoint: Checkpoint): boolean => prefixOf(checkpoint) !== undefined;

const prefixOf = ({ tensors }: Checkpoint): string | undefined =>
  [...tensors.keys()].find((name) => name.endsWith(FIRST_CONV))?.slice(0, -FIRST_CONV.length);

/**
 * A file of fairseq with wav2vec 2.0 or HuBERT, or of WavLM's authors: the encoder as it is, behind it a speaker head that is drawn and has to
 * be trained. Sizes are those of the tensors; what they do not tell, its settings do.
 * @throws UserError for another architecture
 */
export function fairseqSource(checkpoint: Checkpoint): Source {
  const { path } = checkpoint;
  const prefix = prefixOf(checkpoint);
  if (prefix === undefined)
    throw new UserError(
      `${path} is no speech encoder of fairseq: it has no tensor ${FIRST_CONV}. wav2vec 2.0, HuBERT and WavLM are read.`,
    );
  const { shapeOf, has } = tensorsBelow(checkpoint, prefix);
  const settings = settingsOf(checkpoint);
  const unlike = unlikeParts(checkpoint, prefix);
  if (unlike !== undefined)
    throw new UserError(`${path}: ${unlike} is not what voxloop has. It reads wav2vec 2.0, HuBERT and WavLM.`);
  const isWavlm = has('encoder.layers.0.self_attn.relative_attention_bias.weight');
  const isHubert = has('label_embs_concat') || String(settings('_name') ?? settings('arch')).startsWith('hubert');
  const kind = isWavlm ? 'wavlm' : isHubert ? 'hubert' : 'wav2vec2';
  const convNorm = has('feature_extractor.conv_layers.1.2.1.weight') ? 'layer' : 'group';
  const [width, widthOfGroup, positionKernel] = shapeOf('encoder.pos_conv.0.weight_v');
  const [buckets, heads] = isWavlm ? shapeOf('encoder.layers.0.self_attn.relative_attention_bias.weight') : [];
  return {
    name: `${{ wavlm: 'WavLM', hubert: 'HuBERT', wav2vec2: 'wav2vec 2.0' }[kind]} encoder`,
    backbone: {
      name: kind,
      options: {
        layers: layersOf(checkpoint, prefix),
        width,
        heads: heads ?? numberOr(settings('encoder_attention_heads'), width / 64),
        feedForward: shapeOf('encoder.layers.0.fc1.weight')[0],
        // All that were published with normalised layers of convolutions normalise first in the transformer, too.
        normFirst: settings('layer_norm_first') ?? convNorm === 'layer',
        convChannels: shapeOf(FIRST_CONV)[0],
        convNorm,
        convBias: has('feature_extractor.conv_layers.0.0.bias'),
        projectionNorm: has('layer_norm.weight'),
        positionKernel,
        positionGroups: width / widthOfGroup,
        ...(isWavlm && { buckets, maxDistance: numberOr(settings('max_distance'), 1280) }),
      },
    },
    features: encoderHearing((checkpoint.note('cfg', 'task', 'normalize') ?? settings('normalize')) === true),
    embeddingSize: 256,
    names: fairseqNames(convNorm),
    drawn: SPEAKER_HEAD,
    unused: UNUSED,
    prefix,
    licence: 'that of its authors, such as MIT for the encoders of fairseq and WavLM',
  };
}

function tensorsBelow({ path, tensors }: Checkpoint, prefix: string) {
  return {
    has: (name: string): boolean => tensors.has(prefix + name),
    shapeOf(name: string): readonly number[] {
      const tensor = tensors.get(prefix + name);
      if (tensor) return tensor.shape;
      throw new UserError(
        `${path} is no whole encoder: tensor ${prefix}${name} is missing. Copy or download it again.`,
      );
    },
  };
}

/** The network's own setting of a name, wherever its file keeps it. */
function settingsOf({ note }: Checkpoint) {
  return (name: string) =>
    PLACES.map((place) => note(...place.concat(name))).find((value) => value !== undefined && value !== null);
}

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const layersOf = ({ tensors }: Checkpoint, prefix: string): number =>
  [...tensors.keys()].filter(
    (name) => name.startsWith(prefix) && /^encoder\.layers\.\d+\.fc1\.weight$/.test(name.slice(prefix.length)),
  ).length;

/** What of an encoder is another architecture's, for a message; undefined where nothing is. */
function unlikeParts(checkpoint: Checkpoint, prefix: string): string | undefined {
  const { tensors } = checkpoint;
  const below = [...tensors.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  if (below.some((name) => name.startsWith('feature_aggregator.'))) return 'the aggregator of wav2vec (1)';
  if (below.some((name) => /^encoder\.pos_conv\.\d\.0\./.test(name)))
    return 'a chain of positional convolutions (data2vec)';
  if (below.includes('encoder.pos_conv.0.running_mean')) return 'a norm over the batch in front of the positions';
  if (below.some((name) => /^encoder\.layers\.0\.(ffn1|conv_module)\./.test(name))) return 'a conformer';
  const settings = settingsOf(checkpoint);
  const activation = settings('activation_fn') ?? 'gelu';
  if (activation !== 'gelu') return `the activation ${activation}`;
  const kernels = CONV_KERNELS.map(
    (_, i) => tensors.get(`${prefix}feature_extractor.conv_layers.${i}.0.weight`)?.shape[2],
  );
  const chain = stridesOf(settings('conv_feature_layers'));
  const isUsual =
    kernels.join() === CONV_KERNELS.join() && (chain === undefined || chain.join() === CONV_STRIDES.join());
  return isUsual ? undefined : `a chain of convolutions of kernels ${kernels} and strides ${chain ?? 'unknown'}`;
}

/** The strides in fairseq's text of convolutions, `[(512,10,5)] + [(512,3,2)] * 4 + ...`; undefined where there is none. */
function stridesOf(text: unknown): number[] | undefined {
  if (typeof text !== 'string') return undefined;
  const parts = [...text.matchAll(/\(\s*\d+\s*,\s*\d+\s*,\s*(\d+)\s*\)\s*\]?(?:\s*\*\s*(\d+))?/g)];
  return parts.flatMap(([, stride, times = '1']) => Array<number>(Number(times)).fill(Number(stride)));
}
