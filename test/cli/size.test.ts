import { statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('size says what a model takes, beside the teachers that it was distilled from', async (t) => {
  const dir = temporaryFolder(t);
  await writeTinyModel(dir);
  const { info, weights } = readModel(dir);
  const { format: _, ...described } = info;
  const wide = {
    ...described,
    origin: 'wide',
    backbone: { ...info.backbone, options: { ...info.backbone.options, width: 16 } },
  };
  writeModel(dir, { ...described, teachers: [wide] }, weights);
  const outcome = await runCli(['size', dir, '--seconds', '1', '--json']);
  t.is(outcome.code, 0, outcome.stderr);
  const { teachers, ...size } = JSON.parse(outcome.stdout);
  t.like(size, {
    origin: 'tiny 3',
    backbone: 'tdnn',
    embeddingSize: 6,
    bytes: statSync(join(dir, 'model.safetensors')).size,
  });
  t.is(teachers.length, 1);
  for (const figure of ['parameters', 'bytes', 'macsPerSecond', 'peakBytes', 'realTimeFactor'])
    t.true(size[figure] > 0 && teachers[0][figure] > 0, figure);
  t.true(teachers[0].macsPerSecond > 2 * size.macsPerSecond && teachers[0].parameters > 2 * size.parameters);
  const text = await runCli(['size', dir, '--seconds', '1']);
  t.regex(text.stdout, /tiny 3, tdnn +wide, tdnn\nparameters +[\d,]+ +[\d,]+ \(\d+\.\d %\)\nbytes/);
  t.regex(text.stdout, /real-time factor \(1 thread\) +0\.\d+/);
});

test('size of a folder without a model ends with code 2', async (t) => {
  const { code, stderr } = await runMain(['size', temporaryFolder(t)]);
  t.is(code, 2);
  t.regex(stderr, /holds no model/);
});
