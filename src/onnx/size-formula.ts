/** The free sizes of a traced input. */
export interface Sizes {
  batch: number;
  frames: number;
}

/** max(times * floor((frames + plus) / over) + add, atLeast), times the batch where `batch` says so. */
export interface SizeFormula {
  batch: boolean;
  times: number;
  plus: number;
  over: number;
  add: number;
  /** Absent: no bound. */
  atLeast?: number;
}

/** A size that follows from those of the input: a number for all, a formula, or the difference of two formulas. */
export type Size = number | SizeFormula | { of: SizeFormula; minus: SizeFormula };

/** The widest window that `over` may be: 512 frames are five seconds. */
const WIDEST = 512;

/**
 * The formula that a size follows, from its values at several sizes of the input; undefined where none of the forms fits all. Of
 * several that do, one that rounds up, or else down, and of those the one with the smallest window: the forms that networks have.
 */
export function fitSize(values: readonly number[], samples: readonly Sizes[]): number | SizeFormula | undefined {
  if (values.every((value) => value === values[0])) return values[0];
  const ofFrames = fitFrames(values, samples);
  if (ofFrames) return { ...ofFrames, batch: false };
  if (!samples.every(({ batch }, i) => values[i] % batch === 0)) return undefined;
  const single = values.map((value, i) => value / samples[i].batch);
  if (single.every((value) => value === single[0])) return { batch: true, times: 0, plus: 0, over: 1, add: single[0] };
  const each = fitFrames(single, samples);
  return each && { ...each, batch: true };
}

type FramesFormula = Omit<SizeFormula, 'batch'>;

function fitFrames(values: readonly number[], samples: readonly Sizes[]): FramesFormula | undefined {
  const order = samples.map((_, i) => i).sort((a, b) => samples[a].frames - samples[b].frames);
  const [first, last] = [order[0], order[order.length - 1]];
  const plain = search(values, samples, first, last);
  if (plain) return plain;
  // Several short inputs with one value: a lower bound.
  const atLeast = values[first];
  const above = order.find((i) => values[i] !== atLeast);
  if (above === undefined || above === last) return undefined;
  const bounded = search(values, samples, above, last, atLeast);
  return bounded && { ...bounded, atLeast };
}

function search(
  values: readonly number[],
  samples: readonly Sizes[],
  low: number,
  high: number,
  atLeast = Number.NEGATIVE_INFINITY,
): FramesFormula | undefined {
  const span = samples[high].frames - samples[low].frames;
  const slope = (values[high] - values[low]) / span;
  if (slope === 0) return undefined;
  for (const { over, plus } of roundings()) {
    const times = Math.round(slope * over);
    if (times === 0 || Math.abs(times / over - slope) > (2 * Math.abs(times)) / span) continue;
    const add = values[high] - times * Math.floor((samples[high].frames + plus) / over);
    const formula = { times, plus, over, add };
    const fits = ({ frames }: Sizes, i: number) => Math.max(alongFrames(formula, frames), atLeast) === values[i];
    if (samples.every(fits)) return formula;
  }
  return undefined;
}

interface Rounding {
  over: number;
  plus: number;
}

let allRoundings: Rounding[] | undefined;

/** Windows and their offsets, likely ones first: all that round up, all that round down, then the others. Listed when first asked for. */
function roundings(): readonly Rounding[] {
  allRoundings ??= [
    ...windows((over) => [over - 1]),
    ...windows((over) => [0].slice(over === 1 ? 1 : 0)),
    ...windows((over) => Array.from({ length: Math.max(over - 2, 0) }, (_, i) => over - 2 - i)),
  ];
  return allRoundings;
}

function windows(offsets: (over: number) => number[]): Rounding[] {
  return Array.from({ length: WIDEST }, (_, i) => i + 1).flatMap((over) =>
    offsets(over).map((plus) => ({ over, plus })),
  );
}

const alongFrames = ({ times, plus, over, add }: FramesFormula, frames: number): number =>
  times * Math.floor((frames + plus) / over) + add;

/** The size at given sizes of the input. */
export function sizeAt(size: Size, sizes: Sizes): number {
  if (typeof size === 'number') return size;
  if ('of' in size) return sizeAt(size.of, sizes) - sizeAt(size.minus, sizes);
  const value = Math.max(alongFrames(size, sizes.frames), size.atLeast ?? Number.NEGATIVE_INFINITY);
  return size.batch ? value * sizes.batch : value;
}
