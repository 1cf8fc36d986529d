/** The value below which a share of the values lies: one of them; 0 of none. */
export function quantile(values: Float32Array, share: number): number {
  return values.length === 0 ? 0 : values.slice().sort()[Math.floor(share * (values.length - 1))];
}
