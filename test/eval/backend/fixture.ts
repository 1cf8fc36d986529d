import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a fixture of this folder's topic. */
export const fixturePath = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/backend/${name}`, import.meta.url));

/** Reads a JSON fixture of this folder's topic; the caller names its shape. */
export function readFixture<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(fixturePath(name), 'utf8')) as Shape;
}

/** The largest distance between two lists of numbers, relative to the larger of 1 and the expected value. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Array.from(found).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i]))),
    0,
  );
}
