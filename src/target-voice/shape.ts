import { z } from 'zod';
import { STFT_BINS } from '../audio/stft/framing.js';

/** The options of a network that follows one voice. */
export const voiceMaskShape = z.strictObject({
  width: z.number().int().positive().default(128).describe('channels of its layers'),
  blocks: z
    .number()
    .int()
    .positive()
    .default(6)
    .describe('convolutions over time, each with twice the dilation of the one before, and with 1 again after five'),
  conditioning: z
    .enum(['film', 'concatenate'])
    .default('film')
    .describe('how the embedding reaches each of them: it scales and shifts their channels, or stands beside these'),
});

/** Sizes of a network that follows one voice. */
export type VoiceMaskShape = z.output<typeof voiceMaskShape> & {
  /** Numbers of the embedding that it follows. */
  embeddingSize: number;
};

/** Frames from one tap of a block's convolution to the next. */
export const dilationOf = (block: number): number => 2 ** (block % 5);

/** Taps of a block's convolution; the first and the last layer have one. */
export const KERNEL = 3;

/** Frames on either side that a frame's mask depends on. */
export const reachOf = ({ blocks }: Pick<VoiceMaskShape, 'blocks'>): number =>
  Array.from({ length: blocks }, (_, i) => dilationOf(i)).reduce((sum, frames) => sum + frames, 0);

/** Channels that a block's convolution sees. */
export const blockInputs = ({ width, conditioning, embeddingSize }: VoiceMaskShape): number =>
  conditioning === 'concatenate' ? width + embeddingSize : width;

/** The network's names of its blocks, in order. */
export const blockName = (i: number): string => `block${i + 1}`;

/**
 * Magnitudes of a signal whose root mean square is 1, as the network hears them: the power by which VoiceFilter compresses its loss evens out
 * loud and soft frequencies, and silence is zero.
 */
export const COMPRESSION = 0.3;

/** Frequencies of a frame. */
export const BINS = STFT_BINS;
