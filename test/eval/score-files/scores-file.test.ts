import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { parseColumns } from '../../../src/eval/score-files/score-columns.js';
import { parseScores, readScores, writeScores } from '../../../src/eval/score-files/scores-file.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

async function* inChunks(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const parse = (text: string, size = 1 << 16) => parseScores(inChunks(text, size), 'scores.txt');

test('scores are read the same however the bytes are cut', async (t) => {
  const text = '\uFEFF0.5 1\r\n-1e-3\t0\n\n +.25 target\n7. nontarget\n-inf 0\ninf 1';
  for (const size of [1, 2, 3, 7, 1000]) {
    const { targets, nontargets } = await parse(text, size);
    t.deepEqual([...targets], [0.5, 0.25, Number.POSITIVE_INFINITY]);
    t.deepEqual([...nontargets], [-1e-3, 7, Number.NEGATIVE_INFINITY]);
  }
});

test('more scores than the first buffer holds are all kept, in order', async (t) => {
  const { targets, nontargets } = await parse(Array.from({ length: 20_000 }, (_, i) => `${i} ${i % 2}\n`).join(''));
  t.is(targets.length, 10_000);
  t.true(targets.every((score, i) => score === 2 * i + 1));
  t.is(nontargets.at(-1), 19_998);
});

for (const line of ['0.5', '1 0.5', 'abc 1', 'nan 1', '0x10 1', '0.5 2', '0.5 1 extra', '0.5,1', '1..5 0', '- 1']) {
  test(`the line "${line}" is an error that names file, line and text`, async (t) => {
    const error = await t.throwsAsync(parse(`0.5 1\n\n${line}\n0.1 0\n`), { instanceOf: UserError });
    t.regex(error!.message, /^scores\.txt:3: /);
    t.true(error!.message.includes(JSON.stringify(line)));
  });
}

test('bytes without line ends do not pile up', async (t) => {
  await t.throwsAsync(parse('x'.repeat(300_000)), { instanceOf: UserError, message: /^scores\.txt:1: .*too long/ });
});

test('a missing file and a folder are errors of the user', async (t) => {
  await t.throwsAsync(readScores('/no/such/file'), {
    instanceOf: UserError,
    message: /^\/no\/such\/file does not exist/,
  });
  await t.throwsAsync(readScores(tmpdir()), { instanceOf: UserError, message: /is a folder, and a file is needed/ });
});

test('a file that is no text is named once, and none of it shown', async (t) => {
  const sound = Buffer.concat([Buffer.from('RIFF\x10\0\0\0WAVE\n'), Buffer.alloc(64, 0x81), Buffer.from('\n0.5 1\n')]);
  await t.throwsAsync(parse(sound.toString('latin1')), {
    instanceOf: UserError,
    message: /^scores\.txt is not a text file\. Name/,
  });
});

test('written scores come back bit for bit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-scores-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'scores.txt');
  const scores = Float32Array.of(1 / 3, -0.99999994, 1e-8, 0.1);
  const trials = Array.from(scores, (_, i) => ({ enrolment: `e${i}`, test: `t${i}`, target: i < 2 }));
  writeScores(path, scores, trials);
  const { targets, nontargets } = await readScores(path);
  t.deepEqual(Float32Array.from([...targets, ...nontargets]), scores);
  writeFileSync(path, '');
  t.is((await readScores(path)).targets.length, 0);
});

for (const [order, lines] of Object.entries({
  'score label': ['0.5 1', '-2 0'],
  'enrol test label score': ['a b target 0.5', 'a c nontarget -2'],
  'enrol test score label (WeSpeaker)': ['a b 0.50000 target', 'a c -2.00000 nontarget'],
  'score label enrol test': ['0.5 1 a b', '-2 0 a c'],
  'label enrol test score': ['1 a b 0.5', '0 a c -2'],
})) {
  test(`the columns ${order} are seen from the first line`, async (t) => {
    const { targets, nontargets } = await parse(`\n${lines.join('\n')}\n`);
    t.deepEqual([...targets], [0.5]);
    t.deepEqual([...nontargets], [-2]);
  });
}

test('other columns can be named', async (t) => {
  const text = 'x1 0.5 a 1\nx2 -2 b 0\n';
  const { targets, nontargets } = await parseScores(inChunks(text, 5), 'scores.txt', {
    columns: parseColumns('skip,score,skip,label'),
  });
  t.deepEqual([[...targets], [...nontargets]], [[0.5], [-2]]);
  for (const bad of ['score', 'score,label,label', 'score,label,name']) {
    t.throws(() => parseColumns(bad), { instanceOf: UserError, message: new RegExp(bad) });
  }
});

test('several broken lines are named in one error, and the rest counted', async (t) => {
  const lines = Array.from({ length: 40 }, (_, i) => (i % 2 ? `0.${i} oops` : `0.${i} 1`));
  const error = await t.throwsAsync(parse(lines.join('\n'), 7), { instanceOf: UserError });
  for (let line = 2; line <= 20; line += 2) t.regex(error!.message, new RegExp(`^scores\\.txt:${line}: .*oops`, 'm'));
  t.regex(error!.message, /10 more lines are broken/);
});

test('control characters and bytes above 127 belong to names', async (t) => {
  const { targets } = await parse('a\u0001b \u00fc\u001f target 0.5\nlong-name-\u0000 b target 0.25\n', 3);
  t.deepEqual([...targets], [0.5, 0.25]);
});

test('a file read by several threads holds the same scores, and names broken lines by their number in the file', async (t) => {
  const line = (i: number) =>
    `enrol-${i % 97} test-${i % 1009} ${i % 3 ? 'non' : ''}target ${Math.sin(i).toFixed(6)}\n`;
  const lines = Array.from({ length: 30_000 }, (_, i) => line(i));
  const folder = temporaryFolder(t, { 'good.txt': lines.join('') });
  const [one, many] = [
    await readScores(join(folder, 'good.txt')),
    await readScores(join(folder, 'good.txt'), { threadBytes: 1000 }),
  ];
  t.deepEqual(many.targets, one.targets.slice().sort());
  t.deepEqual(many.nontargets, one.nontargets.slice().sort());
  for (const at of [3, 16_000, 29_999]) lines[at] = `broken ${at}\n`;
  writeFileSync(join(folder, 'bad.txt'), lines.join(''));
  const error = await t.throwsAsync(readScores(join(folder, 'bad.txt'), { threadBytes: 1000 }), {
    instanceOf: UserError,
  });
  for (const at of [3, 16_000, 29_999]) t.regex(error!.message, new RegExp(`bad\\.txt:${at + 1}: .*"broken ${at}"`));
});
