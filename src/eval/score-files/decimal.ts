const [ZERO, NINE, PLUS, MINUS, POINT] = [48, 57, 43, 45, 46];
/** Lower-case e and i; 32 turns capitals into them. */
const [E, I, LOWER] = [101, 105, 32];
const INFINITE = /^[+-]?inf(?:inity)?$/i;
/** Powers of ten that a double holds exactly: one multiplication or division by them rounds once, so the result is the nearest double. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The number that these bytes spell in decimal (`-0.5`, `7.`, `.25`, `1e-3`, `inf`), exactly as Number(text) rounds it, without
 * making a string of it unless it has more digits than a double. NaN for anything else.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  const digitsAt = at;
  // Exact below 2^53; beyond that it stays beyond, whatever it is rounded to.
  let digits = 0;
  while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE) digits = digits * 10 + bytes[at++] - ZERO;
  let spelled = at - digitsAt;
  let exponent = 0;
  if (at < end && bytes[at] === POINT) {
    const fractionAt = ++at;
    while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE) digits = digits * 10 + bytes[at++] - ZERO;
    exponent = fractionAt - at;
    spelled -= exponent;
  }
  if (spelled === 0) return infinity(bytes, start, end, at);
  if (at < end) {
    const power = parseExponent(bytes, at, end);
    if (Number.isNaN(power)) return power;
    exponent += power;
  }
  if (digits > Number.MAX_SAFE_INTEGER || exponent > 22 || exponent < -22) return Number(textOf(bytes, start, end));
  const size = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
  return negative ? -size : size;
}

/** `e`, a sign or none, digits up to the end; NaN for anything else. */
function parseExponent(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  if ((bytes[start] | LOWER) !== E || at >= end) return Number.NaN;
  let power = 0;
  for (; at < end; at++) {
    if (bytes[at] < ZERO || bytes[at] > NINE) return Number.NaN;
    power = power * 10 + bytes[at] - ZERO;
  }
  return negative ? -power : power;
}

function infinity(bytes: Uint8Array, start: number, end: number, at: number): number {
  if ((bytes[at] | LOWER) !== I || !INFINITE.test(textOf(bytes, start, end))) return Number.NaN;
  return bytes[start] === MINUS ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Bytes as characters, one each. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
