const DB = 10 / Math.LN10;
/** The quietest tenth of a band's levels is its floor. */
export const FLOOR_SHARE = 0.1;
const MOST_DB = 30;
/** Distance of the mean level of steady noise above its quietest tenth, at five frames a level, in dB. */
export const STEADY_DB = 1.4;
/** Floors are computed once a second and interpolated linearly. */
const KNOT_FRAMES = 100;

/**
 * Level of each frame above the noise in dB: a mean over the bands, about 0 for steady noise, at most 30.
 * Each band's floor is the level below which a tenth of `floorFrames` around lie.
 * @param energies [frames, bands] natural logarithms
 * @returns [frames]
 */
export function heightsDb(energies: Float32Array, bands: number, floorFrames: number): Float32Array {
  const frames = energies.length / bands;
  const heights = new Float32Array(frames).fill(-STEADY_DB);
  for (let band = 0; band < bands; band++) {
    const levels = bandLevels(energies, bands, band);
    const floor = floorOf(levels, floorFrames);
    for (let i = 0; i < frames; i++) heights[i] += heightAbove(levels[i], floor[i]) / bands;
  }
  return heights;
}

/** How far a band's level stands above its floor, in dB. */
export const heightAbove = (level: number, floor: number): number => Math.max(0, Math.min(MOST_DB, level - floor));

/** A band in dB, each the mean power of five frames: a floor of single frames of noise would lie far below its mean. */
export function bandLevels(energies: Float32Array, bands: number, band: number): Float32Array {
  const frames = energies.length / bands;
  const power = Float64Array.from({ length: frames }, (_, i) => Math.exp(energies[i * bands + band]));
  return Float32Array.from({ length: frames }, (_, frame) => {
    const [from, to] = [Math.max(0, frame - 2), Math.min(frames, frame + 3)];
    let sum = 0;
    for (let i = from; i < to; i++) sum += power[i];
    return DB * Math.log(sum / (to - from));
  });
}

function floorOf(levels: Float32Array, around: number): Float32Array {
  let [start, floor] = [-1, 0];
  const knots = Array.from({ length: Math.ceil(levels.length / KNOT_FRAMES) }, (_, k) => {
    const middle = (k + 0.5) * KNOT_FRAMES;
    // At the ends the window keeps its length: many knots of a short recording have the same one.
    const first = Math.max(0, Math.min(Math.round(middle - around / 2), levels.length - around));
    if (first !== start) floor = quantile(levels.subarray(first, first + around), FLOOR_SHARE);
    start = first;
    return floor;
  });
  return levels.map((_, i) => {
    const place = Math.max(0, Math.min(knots.length - 1, i / KNOT_FRAMES - 0.5));
    const left = Math.floor(place);
    const right = Math.min(left + 1, knots.length - 1);
    return knots[left] + (place - left) * (knots[right] - knots[left]);
  });
}

/** The value below which a share of the values lies, itself one of them; 0 without values. */
export function quantile(values: Float32Array, share: number): number {
  return values.length === 0 ? 0 : values.slice().sort()[Math.floor(share * (values.length - 1))];
}
