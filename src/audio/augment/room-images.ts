export type Point = readonly [number, number, number];

/** A box-shaped room whose walls all reflect alike. Lengths in metres. */
export interface Room {
  sizeM: Point;
  sourceM: Point;
  microphoneM: Point;
  /** Time in which the sound falls by 60 dB. */
  rt60Seconds: number;
}

/** In m/s, in air at 20 degrees. */
export const SPEED_OF_SOUND = 343;

/** Calls `visit` with the distance and the number of reflections of every image of the source up to a distance. */
export function forEachImage(
  { sizeM, sourceM, microphoneM }: Room,
  longestM: number,
  visit: (distanceM: number, order: number) => void,
): void {
  const [xs, ys, zs] = [0, 1, 2].map((axis) => images(sizeM[axis], sourceM[axis], microphoneM[axis], longestM));
  const most = longestM * longestM;
  for (const x of xs) {
    for (const y of ys) {
      const plane = x.squared + y.squared;
      if (plane > most) continue;
      for (const z of zs) {
        const squared = plane + z.squared;
        if (squared <= most) visit(Math.sqrt(squared), x.order + y.order + z.order);
      }
    }
  }
}

/** Along one axis: squared distances of the images from the microphone, and how many walls each was mirrored at. */
function images(length: number, source: number, microphone: number, longestM: number) {
  const periods = Math.ceil(longestM / (2 * length)) + 1;
  const axisImages: { squared: number; order: number }[] = [];
  for (let period = -periods; period <= periods; period++) {
    for (const mirrored of [0, 1]) {
      const distance = (1 - 2 * mirrored) * source + 2 * period * length - microphone;
      if (Math.abs(distance) > longestM) continue;
      axisImages.push({ squared: distance * distance, order: Math.abs(period - mirrored) + Math.abs(period) });
    }
  }
  return axisImages;
}
