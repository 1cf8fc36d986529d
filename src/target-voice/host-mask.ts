import { type HostTimeConv, hostTimeConv } from '../nn/host/time-conv.js';
import { dilationOf, KERNEL, type VoiceMaskShape } from './shape.js';

/** A layer, and what follows its rectifier. */
export interface MaskLayer extends HostTimeConv {
  /** [width] */
  scale: Float32Array;
  /** [width] */
  offset: Float32Array;
}

/** A block of a trained network. */
export interface MaskBlock extends MaskLayer {
  /** Of FiLM: what the embedding scales and shifts channels by, each with weights [embeddingSize, width] and bias [width]. */
  film?: { scale: HostTimeConv; shift: HostTimeConv };
}

/** A trained network in plain arrays. */
export interface VoiceMask {
  shape: VoiceMaskShape;
  into: MaskLayer;
  blocks: MaskBlock[];
  last: HostTimeConv;
}

const POINT = { kernel: 1, dilation: 1 };

/**
 * The mask of a voice, on the host.
 * @param magnitudes compressed, [frames, BINS]
 * @param voice [embeddingSize]
 * @returns in (0, 1), [frames, BINS]
 */
export function hostMask(
  { shape, into, blocks, last }: VoiceMask,
  magnitudes: Float32Array,
  voice: Float32Array,
): Float32Array {
  const { width } = shape;
  let x = normalised(hostTimeConv(magnitudes, into, POINT), into);
  for (const [i, block] of blocks.entries()) {
    const seen = block.film ? modulated(x, width, block.film, voice) : beside(x, width, voice);
    const y = normalised(hostTimeConv(seen, block, { kernel: KERNEL, dilation: dilationOf(i) }), block);
    x = x.map((value, at) => value + y[at]);
  }
  return hostTimeConv(x, last, POINT).map((odds) => 1 / (1 + Math.exp(-odds)));
}

/** A layer's rectifier and its normalisation, in place. */
function normalised(y: Float32Array, { scale, offset }: MaskLayer): Float32Array {
  const width = scale.length;
  for (let at = 0; at < y.length; at++) y[at] = Math.max(y[at], 0) * scale[at % width] + offset[at % width];
  return y;
}

/** Channels scaled and shifted by a voice. // [frames, width] */
function modulated(
  x: Float32Array,
  width: number,
  { scale, shift }: NonNullable<MaskBlock['film']>,
  voice: Float32Array,
): Float32Array {
  const [gamma, beta] = [scale, shift].map((map) => hostTimeConv(voice, map, POINT));
  return x.map((value, at) => value * (1 + gamma[at % width]) + beta[at % width]);
}

/** A voice beside the channels of every frame. // [frames, width + embeddingSize] */
function beside(x: Float32Array, width: number, voice: Float32Array): Float32Array {
  const frames = x.length / width;
  const wide = new Float32Array(frames * (width + voice.length));
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * (width + voice.length);
    wide.set(x.subarray(frame * width, (frame + 1) * width), at);
    wide.set(voice, at + width);
  }
  return wide;
}
