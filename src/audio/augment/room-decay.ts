import { forEachImage, type Room, SPEED_OF_SOUND } from './room-images.js';

const BIN_SECONDS = 0.002;

/**
 * The share of the amplitude that the walls must reflect for the room to decay by 60 dB in its reverberation time, by bisection on the
 * decay of the images' energy: the formulas of Sabine and Eyring are off by half in rooms with long and short sides.
 */
export function amplitudeFor(room: Room, longestM: number): number {
  const energies = energiesByOrder(room, Math.min(longestM, SPEED_OF_SOUND * room.rt60Seconds * 1.2));
  let [low, high] = [0.02, 0.999];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (decaySeconds(decayOf(energies, middle)) < room.rt60Seconds) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Energy that would arrive in each short time without losses, by the number of reflections. // [bins][orders] */
function energiesByOrder(room: Room, longestM: number): number[][] {
  const bins: number[][] = [];
  forEachImage(room, longestM, (distanceM, order) => {
    const bin = Math.floor(distanceM / SPEED_OF_SOUND / BIN_SECONDS);
    bins[bin] ??= [];
    bins[bin][order] = (bins[bin][order] ?? 0) + 1 / (distanceM * distanceM);
  });
  return Array.from(bins, (orders) => Array.from(orders ?? [], (energy) => energy ?? 0));
}

function decayOf(energies: readonly number[][], reflection: number): Float64Array {
  return Float64Array.from(energies, (orders) =>
    orders.reduce((sum, energy, order) => sum + energy * reflection ** (2 * order), 0),
  );
}

/**
 * Reverberation time of a decay: a line is fitted to the backward integral (Schroeder, "New method of measuring reverberation time",
 * JASA 1965, doi:10.1121/1.1909343) between -5 and -25 dB and extended to -60 dB, as ISO 3382 measures T20.
 */
function decaySeconds(energies: Float64Array): number {
  const left = energies.slice();
  for (let i = left.length - 2; i >= 0; i--) left[i] += left[i + 1];
  const points = Array.from(left, (energy, i) => ({
    t: i * BIN_SECONDS,
    db: 10 * Math.log10(energy / left[0]),
  })).filter(({ db }) => db <= -5 && db >= -25);
  if (points.length < 2) return 0;
  const mean = (of: (point: { t: number; db: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [t, db] = [mean((point) => point.t), mean((point) => point.db)];
  const slope = mean((point) => (point.t - t) * (point.db - db)) / mean((point) => (point.t - t) ** 2);
  return -60 / slope;
}
