import test from 'ava';
import { comparePooling, POOLINGS } from '../helpers/published/networks.js';

for (const key of Object.keys(POOLINGS)) {
  test(`${key} gives what the published pooling gives with the same weights`, async (t) => {
    const { cosine, worst } = await comparePooling(key);
    t.true(cosine > 1 - 1e-9, `cosine ${cosine}`);
    t.true(worst < 1e-5, `worst difference / rms ${worst}`);
  });
}
