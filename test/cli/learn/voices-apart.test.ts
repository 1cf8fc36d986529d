import test from 'ava';
import { LEAST_SILHOUETTE, silhouetteOf } from '../../../src/cli/learn/voices-apart.js';
import { createRng } from '../../../src/random.js';

const SIZE = 16;
const ROWS = 60;

/** Rows around as many centres as there are voices; `spread` is their deviation. */
function cloud(voices: number, spread: number) {
  const rng = createRng('clouds');
  const labels = Int32Array.from({ length: ROWS }, (_, row) => row % voices);
  const vectors = Float32Array.from({ length: ROWS * SIZE }, (_, i) => {
    const own = labels[Math.floor(i / SIZE)] === i % SIZE;
    return 3 + (own ? 1 : 0) + spread * rng.normal();
  });
  return { vectors, labels };
}

test('voices that lie apart are told apart, and one cloud that was cut in two is not', (t) => {
  const several = cloud(3, 0.1);
  t.true(silhouetteOf(several.vectors, SIZE, several.labels, 3) > 0.5);
  const one = cloud(1, 0.1);
  const halves = one.labels.map((_, row) => row % 2);
  t.true(silhouetteOf(one.vectors, SIZE, halves, 2) < LEAST_SILHOUETTE);
});
