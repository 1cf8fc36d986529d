import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { sslsvEcapaNames } from '../names/maps-of-speechbrain.js';
import { parseConfig } from './config-file.js';
import type { Source } from './source.js';
import { ecapaSettings, speechbrainEcapa } from './speechbrain.js';

/** sslsv's settings of a model; its checkpoints lie in a folder beside it. */
export const SSLSV_CONFIG = 'config.yml';
export const SSLSV_CHECKPOINTS = 'checkpoints';

const positive = z.number().int().positive();

const settings = z.looseObject({
  encoder: z.looseObject({
    type: z.literal('ecapatdnn', 'of the encoders of sslsv only ecapatdnn can be imported'),
    encoder_dim: positive.default(512),
    pooling: z.literal(true, 'a network without pooling has no embedding of a recording').optional(),
    extract_mel_features: z.literal(true, 'a network over samples is not supported').optional(),
    mel_n_mels: positive.default(40),
    mel_n_fft: z.literal(512).optional(),
    mel_win_fn: z.enum(['hamming', 'hann']).default('hamming'),
    mel_win_length: z.literal(400).optional(),
    mel_hop_length: z.literal(160).optional(),
    mel_sample_rate: z.literal(16000).optional(),
    ...ecapaSettings,
  }),
  method: z.looseObject({ type: z.string() }),
});

/** Whether settings are those of a training with sslsv. */
export const isSslsv = (config: unknown): config is Record<string, unknown> =>
  typeof config === 'object' && config !== null && 'encoder' in config && 'method' in config;

/** sslsv's ECAPA-TDNN, from the `config.yml` at `path`. @throws UserError for its other encoders and settings */
export function sslsvSource(path: string, config: Record<string, unknown>): Source {
  const { encoder, method } = parseConfig(path, settings, config);
  const { channels, global_context: globalContext, encoder_dim: embeddingSize } = encoder;
  // DINO embeds with its teacher, the mean of the student over time; the other methods with what they train.
  const copy = method.type === 'dino' ? 'encoder_momentum' : 'encoder';
  return {
    name: 'sslsv ECAPATDNN',
    backbone: speechbrainEcapa(encoder, embeddingSize),
    features: parseConfig(path, featureDefinition, {
      frontEnd: 'sslsv',
      bins: encoder.mel_n_mels,
      window: encoder.mel_win_fn,
      lowHz: 0,
      preEmphasis: 0,
      removeDcOffset: false,
      energyFloor: ADDED_POWER,
    }),
    embeddingSize,
    names: sslsvEcapaNames({ aggregated: channels[4], globalContext }),
    prefix: `${copy}.`,
    unused: new RegExp(`^(?!${copy}\\.)|^${copy}\\.features_extractor\\.`),
    licence: "MIT, sslsv's, and that of the training data, CC BY 4.0 for VoxCeleb",
  };
}

/** 1e-6 of full scale, on int16 scale. */
const ADDED_POWER = 1e-6 * 2 ** 30;
