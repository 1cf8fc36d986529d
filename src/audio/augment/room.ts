import type { Rng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { resample } from '../decode/resample.js';
import { amplitudeFor } from './room-decay.js';
import { forEachImage, type Point, type Room, SPEED_OF_SOUND } from './room-images.js';

/** Arrivals are counted on a grid this much finer than the samples. */
const OVERSAMPLING = 8;
const WALL_DISTANCE_M = 0.3;
const LEAST_DISTANCE_M = 0.3;

/** Draws a room of 2.5 to 10 m by 2.5 to 10 m by 2.4 to 4 m, with source and microphone anywhere in it but at the walls. */
export function drawRoom(rng: Rng, rt60Seconds: readonly [number, number]): Room {
  const sizeM: Point = [rng.uniform(2.5, 10), rng.uniform(2.5, 10), rng.uniform(2.4, 4)];
  const place = (): Point => {
    const [x, y, z] = sizeM.map((length) => rng.uniform(WALL_DISTANCE_M, length - WALL_DISTANCE_M));
    return [x, y, z];
  };
  const sourceM = place();
  let microphoneM = place();
  while (Math.hypot(...microphoneM.map((x, i) => x - sourceM[i])) < LEAST_DISTANCE_M) microphoneM = place();
  return { sizeM, sourceM, microphoneM, rt60Seconds: rng.uniform(...rt60Seconds) };
}

/**
 * The room's impulse response by the image method, with its authors' 100 Hz high-pass (Allen and Berkley, "Image method for efficiently
 * simulating small-room acoustics", JASA 1979, doi:10.1121/1.382599). The walls' reflection is chosen so that the response decays in
 * the room's reverberation time.
 * @returns [samples]; sample 0 is the moment at which the source speaks
 */
export function roomResponse(room: Room, samples: number, sampleRateHz = SAMPLE_RATE_HZ): Float32Array {
  const longestM = (samples / sampleRateHz) * SPEED_OF_SOUND;
  return imageResponse(room, amplitudeFor(room, longestM), samples, sampleRateHz);
}

/** As `roomResponse`, for walls that reflect this share of the amplitude. */
export function imageResponse(
  room: Room,
  reflection: number,
  samples: number,
  sampleRateHz = SAMPLE_RATE_HZ,
): Float32Array {
  const fine = new Float32Array(samples * OVERSAMPLING);
  const placesPerM = (sampleRateHz * OVERSAMPLING) / SPEED_OF_SOUND;
  const powers = new Map<number, number>();
  const power = (order: number) => {
    const known = powers.get(order) ?? reflection ** order;
    powers.set(order, known);
    return known;
  };
  forEachImage(room, (samples / sampleRateHz) * SPEED_OF_SOUND, (distanceM, order) => {
    const place = Math.round(distanceM * placesPerM);
    if (place < fine.length) fine[place] += power(order) / (4 * Math.PI * distanceM);
  });
  const coarse = resample(fine, sampleRateHz * OVERSAMPLING, sampleRateHz).subarray(0, samples);
  // The resampler keeps amplitudes of a signal; an impulse keeps its area.
  return highPass(
    coarse.map((value) => value * OVERSAMPLING),
    sampleRateHz,
  );
}

/** Allen and Berkley's filter against the slow rise that images of one sign add up to. */
function highPass(x: Float32Array, sampleRateHz: number): Float32Array {
  const angle = (2 * Math.PI * 100) / sampleRateHz;
  const radius = Math.exp(-angle);
  const [b1, b2, a1] = [2 * radius * Math.cos(angle), -radius * radius, -(1 + radius)];
  let [y1, y2] = [0, 0];
  return x.map((value) => {
    const y0 = b1 * y1 + b2 * y2 + value;
    const out = y0 + a1 * y1 + radius * y2;
    [y2, y1] = [y1, y0];
    return out;
  });
}
