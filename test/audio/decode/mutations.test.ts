import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import test from 'ava';
import { mutated } from '../../../bench/fuzz/audio-mutations.js';
import { decodeBytes } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { createRng } from '../../../src/random.js';
import { bytesOf, recording } from './recordings.js';

const MUTATIONS = 2000;
/** Of processor time: what else the machine does is nobody's fault here. */
const LONGEST_MS = 3000;

const names = readdirSync(dirname(recording('signal.wav'))).filter((name) => !/\.(sh|py|raw|md)$/.test(name));

test('of 2,000 damaged recordings each is decoded or refused, with a message that names it, and none takes long', async (t) => {
  let [decoded, refused] = [0, 0];
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const name = names[seed % names.length];
    const bytes = mutated(bytesOf(name), createRng(seed));
    const start = process.cpuUsage();
    try {
      const { channels } = await decodeBytes(bytes, name);
      t.true(
        channels.every((channel) => channel.length === channels[0].length),
        `seed ${seed}, ${name}`,
      );
      decoded++;
    } catch (error) {
      t.true(error instanceof UserError, `seed ${seed}, ${name}: ${error}`);
      t.true(String(error).includes(name), `seed ${seed}, ${name}: ${error}`);
      refused++;
    }
    const { user, system } = process.cpuUsage(start);
    t.true((user + system) / 1000 < LONGEST_MS, `seed ${seed}, ${name}: ${user + system} us`);
  }
  // Neither is an accident: some damage hurts nobody, and most is noticed.
  t.true(decoded > MUTATIONS / 10, `${decoded} decoded`);
  t.true(refused > MUTATIONS / 4, `${refused} refused`);
});
