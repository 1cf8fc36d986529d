/**
 * The 8-bit dynamic tree numbers of Dettmers et al., "8-bit Optimizers via Block-wise Quantization", 2022, arXiv:2110.02861: seven
 * decades from 10^-6 to 1, each with half the values of the one above. Plain arrays; the graph's side is in dynamic-tree.ts.
 */
export interface CodeBook {
  /** The 256 values in rising order; a code is an index. */
  values: Float32Array;
  signed: boolean;
  /** Low bits of a float32 that its bucket leaves out. */
  shift: number;
  /**
   * For each bucket of float32 bit patterns (bits >>> shift) what to add to the bits, modulo 2^32, so that the sum's upper bits
   * are the nearest code. No bucket holds more than one boundary between codes, and the addend puts it at a carry.
   */
  readonly addends: Int32Array;
}

const DECADES = 7;
const CODES = 256;

/** For values in [-1, 1]: per decade 1, 2, ... 64 values of either sign, then 0 and 1. */
export const signedBook = createBook(true);

/** For values in [0, 1]: per decade 2, 4, ... 128 values, then 0 and 1. */
export const unsignedBook = createBook(false);

function createBook(signed: boolean): CodeBook {
  const positive = Array.from({ length: DECADES }, (_, decade) => fractions(decade, signed)).flat();
  const negative = signed ? positive.map((value) => -value).reverse() : [];
  // Six bits of mantissa tell the signed codes apart (two codes are further from each other than a bucket is wide), seven the rest.
  const shift = signed ? 17 : 16;
  let addends: Int32Array | undefined;
  return {
    values: Float32Array.of(...negative, 0, ...positive, 1),
    signed,
    shift,
    // Made when first asked for: few trainings need it.
    get addends() {
      addends ??= signed ? signedAddends(positive, shift) : unsignedAddends(positive, shift);
      return addends;
    },
  };
}

/** Negative numbers count as zero. */
function unsignedAddends(positive: readonly number[], shift: number): Int32Array {
  const rising = addendsOf([0, ...positive, 1], shift);
  const toZero = rising.map((_, bucket) => -bucket * 2 ** shift);
  return wholeTable(rising, toZero);
}

/** Below zero the rank counts down from the zero's code: the sum is its complement, see `nearestCodes`. */
function signedAddends(positive: readonly number[], shift: number): Int32Array {
  const rising = addendsOf([0, ...positive, 1], shift);
  const falling = addendsOf([0, ...positive], shift);
  const zero = positive.length;
  return wholeTable(
    rising.map((addend) => addend + (zero << shift)),
    falling.map((addend) => addend + ((CODES - 1 - zero) << shift)),
  );
}

/** Midpoints of equal parts of [0.1, 1], scaled to the decade. */
function fractions(decade: number, signed: boolean): number[] {
  const count = 2 ** (signed ? decade : decade + 1);
  return Array.from({ length: count }, (_, i) => (0.1 + (0.9 * (i + 0.5)) / count) * 10 ** (decade - DECADES + 1));
}

/** For each bucket of non-negative floats the addend that makes the upper bits the index of the nearest of `magnitudes`. */
function addendsOf(magnitudes: readonly number[], shift: number): number[] {
  const stored = Float32Array.from(magnitudes);
  // Exact in float64: both neighbours are float32 of near exponents.
  const boundaries = Array.from(stored.subarray(1), (value, i) => bitsFrom((value + stored[i]) / 2));
  let rank = 0;
  return Array.from({ length: 2 ** (31 - shift) }, (_, bucket) => {
    const [first, next] = [bucket * 2 ** shift, (bucket + 1) * 2 ** shift];
    while (boundaries[rank] <= first) rank++;
    if (boundaries[rank + 1] < next) throw new Error(`bucket ${bucket} of ${shift} bits holds two boundaries`);
    return (rank + 1) * 2 ** shift - Math.min(boundaries[rank] ?? next, next);
  });
}

/** Bits of the smallest float32 that is not below `value`. */
function bitsFrom(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Uint32Array(float.buffer);
  return float[0] < value ? bits[0] + 1 : bits[0];
}

/** Buckets of non-negative floats, then of negative ones, whose bit patterns begin at 2^31. */
function wholeTable(positive: number[], negative: number[]): Int32Array {
  return Int32Array.from([...positive, ...negative.map((addend) => addend - 2 ** 31)], (addend) => addend | 0);
}

/** Codes of the values nearest to `x`, which lies in [-1, 1]; NaN gets some code. */
export function nearestCodes(x: Float32Array, { shift, addends, signed }: CodeBook): Uint8Array {
  const patterns = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const codes = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const sum = (patterns[i] + addends[patterns[i] >>> shift]) >>> 0;
    // The byte keeps the low eight bits.
    codes[i] = signed ? (sum >>> shift) ^ (patterns[i] >> 31) : sum >>> shift;
  }
  return codes;
}
