import { execFileSync } from 'node:child_process';
import test from 'ava';
import { shellWord } from '../src/errors.js';

test('a path in a command that a message suggests reaches the command whole', (t) => {
  const paths = ['a.wav', 'two words.wav', "it's.wav", '$HOME/`x`.wav', 'größe/ü.wav', 'a&b;c.wav', '~x', '*.wav', ''];
  const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${paths.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  t.deepEqual(printed.split('\n').slice(0, -1), paths);
  t.is(shellWord('runs/a b'), "'runs/a b'");
  t.is(shellWord('runs/a-b_1.wav'), 'runs/a-b_1.wav');
  t.is(shellWord('-a.wav'), './-a.wav');
});
