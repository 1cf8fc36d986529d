import test from 'ava';
import { faultsWhere } from '../../src/plugin/faults.js';

test('messages are built only where their condition holds, and keep their order', (t) => {
  const never = () => t.fail() as never;
  const faults = faultsWhere([
    [true, () => 'first'],
    [false, never],
    [true, () => 'second'],
  ]);
  t.deepEqual(faults, ['first', 'second']);
});
