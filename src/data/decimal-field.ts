const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The finite number that a field of a table spells in decimal; NaN for anything else, such as nothing, `0x10` or `inf`. */
export function decimalOf(field: string | undefined): number {
  const value = field !== undefined && DECIMAL.test(field) ? Number(field) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
