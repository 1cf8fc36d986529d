import { UserError } from '../../errors.js';
import { sizeOf } from '../../host-tensor.js';
import { BITS, BITS_OF, type Bits, type QuantizeMethod, USUAL } from './codebook.js';
import type { Packing } from './packed-tensor.js';

/** How weights are to be packed, as a command or a recipe says it. */
export interface PackingChoice {
  /** 8, 4, 2 or 1. */
  bits: number;
  /** Default: linear at 8 and 4 bits, ternary at 2, binary at 1. */
  method?: QuantizeMethod;
  /** Default: channel. */
  scales?: Packing['scales'];
}

/** The faults of a choice; none where it can be packed. `prefix` stands in front of an option's name: `--`, or `quantize.`. */
export function packingFaults({ bits, method }: PackingChoice, prefix: string): string[] {
  const known = BITS.find((value) => value === bits);
  if (known === undefined)
    return [`${prefix}bits ${bits}: codes of ${bits} bits do not fill bytes. Choose ${BITS.join(', ')}.`];
  const chosen = method ?? USUAL[known];
  if (BITS_OF[chosen].includes(known)) return [];
  const able = BITS.filter((value: Bits) => BITS_OF[chosen].includes(value));
  return [
    `${prefix}method ${chosen}: it has no codes of ${bits} bit${bits > 1 ? 's' : ''}. Give ${prefix}bits ${able.join(' or ')}, or another method.`,
  ];
}

/** The packing of a choice. @throws UserError for one that has faults */
export function packingOf(choice: PackingChoice, prefix: string): Packing {
  const [fault] = packingFaults(choice, prefix);
  if (fault) throw new UserError(fault);
  const bits = choice.bits as Bits;
  return { method: choice.method ?? USUAL[bits], bits, scales: choice.scales ?? 'channel' };
}

/** A layer's weights: name and shape. */
export interface PackableLayer {
  name: string;
  shape: readonly number[];
}

/** The layers of two axes or more that get smaller when they are packed, without the first and the last one with `keepEnds`. */
export function packableLayers<L extends PackableLayer>(
  weights: readonly L[],
  packing: Packing,
  keepEnds = false,
): { layers: L[]; packed: L[] } {
  const layers = weights.filter(({ shape }) => shape.length > 1);
  const inner = keepEnds ? layers.slice(1, -1) : layers;
  return { layers, packed: inner.filter(({ shape }) => packedBytes(shape, packing) < 4 * sizeOf(shape)) };
}

/** Bytes of codes and scales, and of the values where these are learned: those of k-means. */
function packedBytes(shape: readonly number[], { method, bits, scales }: Packing): number {
  const channels = scales === 'channel' ? shape.at(-1)! : 1;
  return Math.ceil((sizeOf(shape) * bits) / 8) + 4 * channels + (method === 'k-means' ? 4 * 2 ** bits : 0);
}

/** The fault of a model none of whose layers gets smaller. */
export function nothingSmaller(what: string, { method, bits }: Packing, keepEnds: boolean): UserError {
  const why = keepEnds ? 'but for its first and last layer, ' : '';
  return new UserError(
    `${what} would not get smaller: ${why}every layer has fewer numbers than its codes, scales and codebook of ${2 ** bits} values take ` +
      `at ${bits} bits (${method}). Take fewer bits, or leave the model as it is.`,
  );
}
