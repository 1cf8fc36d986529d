import { join } from 'node:path';
import test from 'ava';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('score: lists that cannot be scored are refused before the model is read', async (t) => {
  const cwd = temporaryFolder(t, {
    'a.wav': '',
    'b.wav': '',
    'c.wav': '',
    unknown: '1 a.wav x.wav\n0 y.wav b.wav\n',
    single: '1 a.wav b.wav\n1 a.wav c.wav\n',
    contradictory: '1 a.wav b.wav\n0 a.wav c.wav\n0 a.wav b.wav\n',
    repeated: '1 a.wav b.wav\n0 a.wav c.wav\n1 a.wav b.wav\n',
    enrolled: '1 m b.wav\n0 m c.wav\n',
    models: 'm a.wav gone.wav\n',
  });
  for (const [list, message, more = []] of [
    ['unknown', /^unknown names 2 utterances that cannot be found: x\.wav, y\.wav/],
    ['single', /^single holds 2 target and 0 nontarget trials/],
    ['contradictory', /^contradictory calls a\.wav and b\.wav both target and nontarget/],
    ['repeated', /^Warning: 1 of 3 trials of repeated are repeated; they are kept\.\n.* holds no model/],
    ['enrolled', /^models names 1 utterance that cannot be found: gone\.wav/, ['--enrolments', 'models']],
  ] as [string, RegExp, string[]?][]) {
    const args = ['score', '--trials', list, '--root', '.', '--model', join(cwd, 'none'), ...more];
    const { code, stdout, stderr } = await runMain(args, { cwd });
    t.deepEqual([code, stdout], [2, ''], list);
    t.regex(stderr, message);
  }
});

test('embed: a hop without windows is refused', async (t) => {
  const { code, stderr } = await runMain(['embed', 'a.wav', '--out', 'x.npy', '--hop', '1', '--model', 'none']);
  t.deepEqual([code, stderr], [2, '--hop goes with --window only.\n']);
});
