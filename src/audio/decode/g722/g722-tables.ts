// Tables of ITU-T G.722 (09/2012), clause 6. Indices are the received codes.

/** Lower band, 6-bit codes: reconstruction levels in 1/32768 of the step size. */
// biome-ignore format: a table of numbers reads best in rows
export const LEVELS_6 = Int32Array.of(
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
  -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
  24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
  4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
);

/** Lower band, the upper 4 bits of the code: levels that drive the predictor. */
// biome-ignore format: a table of numbers reads best in rows
export const LEVELS_4 = Int32Array.of(
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
);

/** Upper band, 2-bit codes. */
export const LEVELS_2 = Int32Array.of(-7408, -1616, 7408, 1616);

/** Increment of the logarithm of the step size by each code: lower band (upper 4 bits of the code) and upper band. */
export const LOG_STEPS_LOW = Int32Array.of(
  -60,
  3042,
  1198,
  538,
  334,
  172,
  58,
  -30,
  3042,
  1198,
  538,
  334,
  172,
  58,
  -30,
  -60,
);
export const LOG_STEPS_HIGH = Int32Array.of(798, -214, 798, -214);

/** 2048 * 2^(i/32): the fraction of a step size's logarithm turned into its mantissa. */
export const MANTISSAS = Int32Array.from({ length: 32 }, (_, i) => Math.round(2048 * 2 ** (i / 32)));

/** Every second tap of the 24-tap synthesis filter; the other half is the same, mirrored. */
export const QMF_TAPS = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
