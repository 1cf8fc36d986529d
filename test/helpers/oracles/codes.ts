/** The dynamic tree numbers as the paper's appendix lists them: every decade's bins, both signs, zero and one, sorted. */
export function plainBook(signed: boolean): number[] {
  const values = [0, 1];
  for (let i = 0; i < 7; i++) {
    const bins = 2 ** (signed ? i : i + 1);
    for (let bin = 0; bin < bins; bin++) {
      const [left, right] = [0.1 + (0.9 * bin) / bins, 0.1 + (0.9 * (bin + 1)) / bins];
      const value = Math.fround(((left + right) / 2) * 10 ** (i - 6));
      values.push(value, ...(signed ? [-value] : []));
    }
  }
  return values.sort((a, b) => a - b);
}

/** Distance to the nearest value of the book, by looking at each. */
export const smallestDistance = (x: number, book: readonly number[]): number =>
  book.reduce((best, value) => Math.min(best, Math.abs(value - x)), Number.POSITIVE_INFINITY);

/** Encodes and decodes blocks of `block` values by brute force: what an 8-bit state remembers of `values`. */
export function plainRoundTrip(values: readonly number[], book: readonly number[], block = 256): number[] {
  const decoded: number[] = [];
  for (let from = 0; from < values.length; from += block) {
    const part = values.slice(from, from + block);
    const absmax = part.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    for (const value of part) decoded.push(absmax === 0 ? 0 : absmax * nearest(Math.fround(value / absmax), book));
  }
  return decoded;
}

function nearest(x: number, book: readonly number[]): number {
  return book.reduce((best, value) => (Math.abs(value - x) < Math.abs(best - x) ? value : best), book[0]);
}
