import { float32, type HostTensor, sizeOf } from '../../host-tensor.js';
import { type Bits, type Codebook, codebookOf, nearest, type QuantizeMethod } from './codebook.js';
import { packBits, unpackBits } from './pack-bits.js';

/** A weight as codes into a few values. */
export interface PackedTensor {
  shape: number[];
  method: QuantizeMethod;
  bits: Bits;
  /** Several codes in a byte, row-major. */
  codes: Uint8Array;
  /** Values of the codes, before the scale. */
  values: Float32Array;
  /** One for each channel, the last axis, or one for all. */
  scales: Float32Array;
}

/** How weights are packed. */
export interface Packing {
  method: QuantizeMethod;
  bits: Bits;
  /** A scale for every output channel, or one for the layer. */
  scales: 'channel' | 'layer';
}

/** Packs a float32 weight whose last axis are output channels. */
export function packTensor({ shape, data }: HostTensor, { method, bits, scales: by }: Packing): PackedTensor {
  const weights = data as Float32Array;
  const channels = by === 'channel' ? shape.at(-1)! : 1;
  const channelOf = (channel: number) =>
    Float32Array.from({ length: weights.length / channels }, (_, i) => weights[i * channels + channel]);
  const scalesOf = (scaleOf: Codebook['scaleOf']) =>
    Float32Array.from({ length: channels }, (_, channel) => scaleOf(channelOf(channel)));
  // A channel of zeros has no scale, and needs none.
  const scaled = (scales: Float32Array) => weights.map((value, i) => value / (scales[i % channels] || 1));
  const { values, scaleOf, dead } = codebookOf(method, bits, (chosen) => scaled(scalesOf(chosen)));
  const scales = scalesOf(scaleOf);
  const limits =
    dead && scalesOf((channel) => dead * (channel.reduce((sum, x) => sum + Math.abs(x), 0) / channel.length));
  const codes = Uint8Array.from(scaled(scales), (value, i) => {
    const small = limits && Math.abs(weights[i]) <= limits[i % channels];
    return limits && !small ? nearest(values, Math.sign(value)) : nearest(values, small ? 0 : value);
  });
  return { shape, method, bits, codes: packBits(codes, bits), values, scales };
}

/** The float32 weight that a packed one stands for; the same bits every time. */
export function unpackTensor({ shape, bits, codes, values, scales }: Omit<PackedTensor, 'method'>): HostTensor {
  const indices = unpackBits(codes, bits, sizeOf(shape));
  return float32(
    Float32Array.from(indices, (code, i) => values[code] * scales[i % scales.length]),
    [...shape],
  );
}
