import { UserError } from '../../errors.js';

/** Pass-band edge and stop-band edge, as shares of the lower Nyquist frequency. */
const PASS_EDGE = 0.9;
const STOP_EDGE = 1;

/** Design attenuation; a Kaiser window meets it within a dB or two, which leaves the promised 80. */
const ATTENUATION_DB = 83;

/** Filter banks stay for the next call until their taps together pass this number (32 MiB). */
const CACHED_TAPS = 1 << 22;

/**
 * Ratios with more phases than the first number share a bank with as many rows as the second, and interpolate between rows:
 * the error is (pi / rows)^2 / 8, -107 dB.
 */
const [MOST_ROWS, SHARED_ROWS] = [1024, 512];

/** A windowed-sinc low-pass, one row of taps for each place of an output sample between two input samples. */
interface FilterBank {
  /** Output and input rate without their common factor: output k stands at input position k * down / up. */
  up: number;
  down: number;
  rows: number;
  tapsPerRow: number;
  taps: Float64Array; // [rows + 1, tapsPerRow]; doubles, as the padded input: no conversion in the inner loop
}

const banks = new Map<string, FilterBank>();

/**
 * Changes the sampling rate with a polyphase Kaiser-windowed sinc: flat (0.1 dB) to 0.9 of the lower Nyquist frequency, at
 * least 80 dB down from that Nyquist frequency on, no delay. Outside the recording there is silence.
 *
 * @param fromHz a positive whole number, as `toHz`
 * @returns `ceil(samples.length * toHz / fromHz)` samples; the input itself when the rates are equal
 */
export function resample(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  if (!(Number.isInteger(fromHz) && Number.isInteger(toHz) && fromHz > 0 && toHz > 0)) {
    throw new UserError(`Sampling rates must be positive whole numbers, not ${fromHz} and ${toHz} Hz.`);
  }
  if (fromHz === toHz) return samples;
  const bank = bankFor(fromHz, toHz);
  const padded = withSilence(samples, bank.tapsPerRow);
  return filter(padded, bank, Math.ceil((samples.length * bank.up) / bank.down));
}

/** Each output sample is the scalar product of a row of taps and the input around it. */
function filter(padded: Float64Array, bank: FilterBank, length: number): Float32Array {
  const { up, down, rows, tapsPerRow, taps } = bank;
  const output = new Float32Array(length);
  // `phase / up` is the output's place between two input samples. A row's middle lies half a row after its start, and the
  // padding in front is half a row and one sample: hence the 2.
  for (let k = 0, start = 2, phase = 0; k < length; k++) {
    const place = (phase * rows) / up;
    const row = Math.floor(place);
    const value = product(taps, row * tapsPerRow, padded, start, tapsPerRow);
    const next = place > row ? product(taps, (row + 1) * tapsPerRow, padded, start, tapsPerRow) : value;
    output[k] = value + (place - row) * (next - value);
    phase += down;
    start += Math.floor(phase / up);
    phase %= up;
  }
  return output;
}

/** Four sums, because each addition would otherwise wait for the one before; `length` is a multiple of 4. */
function product(a: Float64Array, atA: number, b: Float64Array, atB: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < length; i += 4) {
    s0 += a[atA + i] * b[atB + i];
    s1 += a[atA + i + 1] * b[atB + i + 1];
    s2 += a[atA + i + 2] * b[atB + i + 2];
    s3 += a[atA + i + 3] * b[atB + i + 3];
  }
  return s0 + s1 + (s2 + s3);
}

function withSilence(samples: Float32Array, tapsPerRow: number): Float64Array {
  const half = tapsPerRow / 2;
  const padded = new Float64Array(samples.length + tapsPerRow + 2);
  padded.set(samples, half + 1);
  return padded;
}

function bankFor(fromHz: number, toHz: number): FilterBank {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const [up, down] = [toHz / divisor, fromHz / divisor];
  const key = `${up}/${down}`;
  const bank = banks.get(key) ?? designBank(up, down);
  banks.delete(key); // re-inserted below: the least recently used one stands first
  banks.set(key, bank);
  let cached = [...banks.values()].reduce((sum, { taps }) => sum + taps.length, 0);
  for (const [oldest, { taps }] of banks) {
    if (cached <= CACHED_TAPS || oldest === key) break;
    banks.delete(oldest);
    cached -= taps.length;
  }
  return bank;
}

/** Kaiser's design (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3), in units of the input rate. */
function designBank(up: number, down: number): FilterBank {
  const nyquist = 0.5 * Math.min(1, up / down);
  const cutOff = (nyquist * (PASS_EDGE + STOP_EDGE)) / 2;
  const transition = 2 * Math.PI * nyquist * (STOP_EDGE - PASS_EDGE);
  const length = (ATTENUATION_DB - 7.95) / (2.285 * transition);
  const tapsPerRow = 4 * Math.ceil(length / 4);
  const beta = 0.1102 * (ATTENUATION_DB - 8.7);
  const rows = up <= MOST_ROWS ? up : SHARED_ROWS;
  const taps = new Float64Array((rows + 1) * tapsPerRow);
  for (let row = 0; row <= rows; row++) {
    designRow(taps.subarray(row * tapsPerRow, (row + 1) * tapsPerRow), row / rows, cutOff, length / 2, beta);
  }
  return { up, down, rows, tapsPerRow, taps };
}

/** Fills the row for an output `fraction` of a sample past its middle; its sum is 1, so that a constant stays constant. */
function designRow(row: Float64Array, fraction: number, cutOff: number, halfLength: number, beta: number): void {
  const middle = row.length / 2 - 1;
  for (let i = 0; i < row.length; i++) {
    const time = i - middle - fraction;
    const share = time / halfLength;
    const window = Math.abs(share) < 1 ? besselI0(beta * Math.sqrt(1 - share * share)) : 0;
    row[i] = window * sinc(2 * cutOff * time);
  }
  const sum = row.reduce((total, value) => total + value, 0);
  for (let i = 0; i < row.length; i++) row[i] /= sum;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
