import { copyFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNpy } from '../../src/io/npy.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING } from '../helpers/training/small-training.js';

// What the commands do is tested in test/speakers; here that they are wired up, in this process but for the first.
test('embed, enroll, speakers, verify, identify, calibrate and similarity on the command line', async (t) => {
  t.timeout(180_000);
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  writeTinyCorpus(at('corpus'), { train: 3, test: 3, each: 4 });
  const wav = (voice: number, n: number) => at(`corpus/wav/voice${voice}/voice${voice}-${n}.wav`);
  await writeTinyModel(at('model'), { files: [0, 1, 2, 3, 4, 5].map((voice) => wav(voice, 0)) });
  await writeTinyModel(at('foreign'), { seed: 4 });
  const store = ['--store', at('store')];
  const run = (command: string, args: string[], model = 'model') =>
    runMain([command, ...args, '--model', at(model), '--device', 'cpu']);

  writeFileSync(at('list'), [0, 1, 2].map((voice) => `voice ${voice}\t${wav(voice, 0)}\n`).join(''));
  const listed = ['enroll', '--list', at('list'), ...store, '--json', '--model', at('model'), '--device', 'cpu'];
  const enrolled = await runCli(listed);
  t.is(enrolled.code, 0, enrolled.stderr);
  t.is(JSON.parse(enrolled.stdout).enrolled.length, 3);

  const anything = ['--least-speech', '0'];
  const no = await run('verify', [
    'voice 1',
    wav(2, 1),
    ...store,
    '--threshold',
    '0.99999',
    ...anything,
    '--exit-code',
    '--json',
  ]);
  t.is(no.code, 3, no.stderr);
  t.deepEqual([JSON.parse(no.stdout).same, JSON.parse(no.stdout).llr], [false, null]);
  const other = await run('verify', ['voice 1', wav(1, 0), ...store], 'foreign');
  t.deepEqual(
    [other.code, /'tiny 3 .*' with digest .*, but this is 'tiny 4 /.test(other.stderr)],
    [2, true],
    other.stderr,
  );

  const identified = await run('identify', [wav(0, 0), at('gone.wav'), ...store, '--threshold', '-1', '--top', '1']);
  t.is(identified.code, 2);
  t.regex(
    identified.stdout,
    /voice0-0\.wav: too little speech \(\d\.\d s of 2 s\); voice 0 1\.0000\n.*gone\.wav: cannot be used: /,
  );

  const removed = await runMain(['speakers', ...store, '--remove', 'voice 1', '--rename', 'voice 2=ann=e', '--json']);
  const { model, speakers } = JSON.parse(removed.stdout);
  t.is(model.name, `tiny 3 (tdnn, ${EMBEDDING})`);
  t.deepEqual(
    speakers.map(({ name }: { name: string }) => name),
    ['voice 0', 'ann=e'],
  );
  const unknown = await runMain(['speakers', ...store, '--remove', 'voice 1']);
  t.deepEqual([unknown.code, /did you mean 'voice/.test(unknown.stderr)], [2, true]);

  truncateSync(wav(1, 0), 3000);
  writeFileSync(at('wav.scp'), [0, 1, 2].map((voice) => `u${voice} ${wav(voice, 0)}\n`).join(''));
  const windows = ['--list', at('wav.scp'), '--window', '0.5', '--hop', '0.25', '--report', at('report.json')];
  const embedded = await run('embed', [...windows, '--out', at('x.npy')]);
  t.is(embedded.code, 2);
  t.regex(embedded.stderr, /skipped: .*voice1-0\.wav is cut short/);
  t.regex(embedded.stdout, /x\.npy, .*x\.tsv: 8 x \d+, 2\.4 s of audio/);
  t.deepEqual(readNpy(at('x.npy')).shape, [8, EMBEDDING]);
  t.is(JSON.parse(readFileSync(at('report.json'), 'utf8')).skipped.length, 1);
  t.is((await run('embed', [...windows, '--out', at('y.ark'), '--skip-bad'])).code, 0);
  // Before a model is opened: there is none.
  const spaced = await runMain(['embed', at('a b.wav'), '--out', at('z.ark'), '--model', at('no-model')]);
  t.deepEqual([spaced.code, /a b\.wav" contains white space/.test(spaced.stderr)], [2, true], spaced.stderr);

  writeFileSync(at('scores'), '0.9 1\n0.5 1\n0.4 0\n0.6 0\n0.1 0\n');
  const calibrated = await run('calibrate', ['--scores', at('scores')]);
  t.is(calibrated.code, 0, calibrated.stderr);
  t.regex(calibrated.stdout, /2 target and 3 nontarget trials\nEER/);
  t.regex((await run('calibrate', [])).stderr, /one of --scores, --trials and --crops/);
  const again = await run('calibrate', ['--scores', at('scores')]);
  t.is(again.code, 2);
  t.regex(again.stderr, /left as it is \(on scores, 2 target and 3 nontarget trials\).*--few/);
  const forced = await run('calibrate', ['--scores', at('scores'), '--few', '--json']);
  t.is(JSON.parse(forced.stdout).measuredOn.targets, 2);
  t.regex(forced.stderr, /^replaced the earlier calibration \(on scores, 2 target/);
  const similar = await run('similarity', [wav(2, 0), wav(2, 1), ...anything]);
  t.regex(similar.stdout, /^-?\d\.\d{4}, LLR -?\d+\.\d\d: .* \(threshold .*, equal error rate on scores\)\n$/);
});

test('a folder stands for the recordings below it, and what is left out of it is told', async (t) => {
  t.timeout(180_000);
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  writeTinyCorpus(at('corpus'), { train: 2, test: 2, each: 2 });
  const wav = at('corpus/wav');
  await writeTinyModel(at('model'), { files: [at('corpus/wav/voice0/voice0-0.wav')] });
  const run = (...args: string[]) => runMain(args.concat('--model', at('model'), '--device', 'cpu'));

  const embedded = await run('embed', wav, '--out', at('x.npy'));
  t.is(embedded.code, 0, embedded.stderr);
  const names = readFileSync(at('x.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0]);
  const expected = [0, 1, 2, 3].flatMap((voice) => [0, 1].map((n) => `voice${voice}/voice${voice}-${n}.wav`));
  t.deepEqual(names, expected);

  symlinkSync(at('corpus/wav/voice1/voice1-0.wav'), join(wav, 'voice0', 'link.wav'));
  const linked = await run('embed', wav, '--out', at('x.npy'), '--json');
  t.is(linked.code, 2);
  t.regex(linked.stderr, /skipped: .*voice0\/link\.wav: a symbolic link/);
  t.like(JSON.parse(linked.stdout), { rows: 8, skipped: [{ file: join(wav, 'voice0/link.wav') }] });

  const enroll = ['enroll', 'anna', join(wav, 'voice0'), '--store', at('store'), '--json'];
  const refused = await run(...enroll);
  t.deepEqual([refused.code, /link\.wav: a symbolic link.*--skip-bad/.test(refused.stderr)], [2, true], refused.stderr);
  const enrolled = await run(...enroll, '--skip-bad');
  t.is(JSON.parse(enrolled.stdout).enrolled[0].utterances, 2, enrolled.stderr);

  const identified = await run('identify', join(wav, 'voice0'), '--store', at('store'), '--threshold', '-1', '--json');
  t.is(identified.code, 2);
  const results = identified.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(
    results.map(({ file, reason }) => [file, reason === undefined]),
    [
      [join(wav, 'voice0/voice0-0.wav'), true],
      [join(wav, 'voice0/voice0-1.wav'), true],
      [join(wav, 'voice0/link.wav'), false],
    ],
  );
  // Two recordings of one name in two folders are called by their paths.
  copyFileSync(join(wav, 'voice0', 'voice0-0.wav'), join(wav, 'voice1', 'voice0-0.wav'));
  const diarized = await run('diarize', wav, '--skip-bad', '--json');
  t.is(diarized.code, 0, diarized.stderr);
  for (const voice of ['voice0', 'voice1'])
    t.true(diarized.stdout.includes(`"${join(wav, voice, 'voice0-0')}"`), diarized.stdout);
});
