import test from 'ava';
import { fingerprint } from '../../../src/engine/ops/fingerprint.js';
import { cast } from '../../../src/engine/raw.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

/** The bits of two floats at a time as a whole number, added up modulo 2^64. */
function sumOfBits(values: Float32Array): bigint {
  const padded = new Float32Array(values.length + (values.length % 2));
  padded.set(values);
  return BigInt.asIntN(
    64,
    new BigInt64Array(padded.buffer).reduce((sum, bits) => sum + bits, 0n),
  );
}

const printOf = (x: HostTensor) =>
  withSession(async (session) => {
    const run = session.compile('print', ({ x }) => ({ print: cast(fingerprint(x), 'int64') }));
    return (await run({ x })).print.data[0] as bigint;
  });

test('a fingerprint is the sum of the bits, for even and odd sizes', async (t) => {
  for (const shape of [[2], [4, 6], [3, 5, 7], [64, 100, 33]]) {
    const x = normalTensor(shape, 'x', 30);
    t.is(await printOf(x), sumOfBits(x.data as Float32Array), `${shape}`);
  }
});

test('the last bit of one number shows', async (t) => {
  const x = normalTensor([50, 40], 'x');
  const changed = { ...x, data: Float32Array.from(x.data as Float32Array) };
  new Int32Array(changed.data.buffer)[1234] += 1;
  t.not(await printOf(changed), await printOf(x));
});
