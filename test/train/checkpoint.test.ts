import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { float32 } from '../../src/host-tensor.js';
import { writeSafetensors } from '../../src/io/safetensors.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/train/checkpoint.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';

const VALUES = { rate: 0.01, momentum: 0.9, teacherTemperature: 0.05, lastLayer: 1 };

test('everything comes back: weights, statistics, optimizer, centre, host state, step', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  const host = { 'gate/losses': float32([1, Number.NaN, 3]), 'gate/decision': float32([Number.POSITIVE_INFINITY, -1]) };
  const saved = await withSession(async (session) => {
    const trainer = smallPretrainer(session);
    await trainer.step(noiseBatch(1), 0, VALUES);
    await saveCheckpoint(session, path, 17, host);
    return session.save();
  });
  await withSession(async (session) => {
    smallPretrainer(session, {}, { seed: 2 });
    const fresh = await session.save();
    t.deepEqual(await loadCheckpoint(session, path), { step: 17, host });
    const loaded = await session.save();
    t.deepEqual(loaded, saved);
    t.notDeepEqual(loaded, fresh);
    t.true(Object.keys(loaded).some((name) => name.startsWith('optimizer/square/ssl/student/head/')));
  });
});

test('where there is no checkpoint there is nothing to load', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  t.is(await withSession((session) => loadCheckpoint(session, path)), null);
});

test('a checkpoint of another architecture is refused, naming what differs, and nothing is loaded', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  await withSession(async (session) => {
    session.variable('net/weight', [2, 3], 1);
    session.variable('net/old', [1], 1);
    session.variable('net/same', [1], 1);
    await saveCheckpoint(session, path, 5);
  });
  await withSession(async (session) => {
    session.variable('net/weight', [2, 4], 2);
    session.variable('net/new', [1], 2);
    session.variable('net/same', [1], 2);
    const error = await t.throwsAsync(() => loadCheckpoint(session, path), { instanceOf: UserError });
    t.true(error.message.startsWith(`${path} belongs to another architecture`));
    t.regex(error.message, /net\/weight is \[2,3\] in the file, \[2,4\] in the network/);
    t.regex(error.message, /net\/new is missing/);
    t.regex(error.message, /net\/old is not in the network/);
    t.deepEqual((await session.save(['net/same']))['net/same'], float32([2]));
  });
  await withSession(async (session) => {
    for (let i = 0; i < 6; i++) session.variable(`other/${i}`, [1], 0);
    await t.throwsAsync(() => loadCheckpoint(session, path), { instanceOf: UserError, message: /; and 5 more/ });
  });
});

test('a checkpoint cut short, and files that are none, are refused', async (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'checkpoint.safetensors');
  await withSession(async (session) => {
    session.variable('weight', [100], 1);
    await saveCheckpoint(session, path, 5);
    const { length } = readFileSync(path);
    for (const bytes of [0, 5, 40, length - 4]) {
      const cut = join(dir, `cut-${bytes}.safetensors`);
      copyFileSync(path, cut);
      truncateSync(cut, bytes);
      await t.throwsAsync(() => loadCheckpoint(session, cut), {
        instanceOf: UserError,
        message: /cut-\d+\.safetensors/,
      });
    }
    const model = join(dir, 'model.safetensors');
    writeSafetensors(model, { weight: float32(new Float32Array(100)) }, {});
    await t.throwsAsync(() => loadCheckpoint(session, model), { instanceOf: UserError, message: /not a checkpoint/ });
    const text = join(dir, 'text.safetensors');
    writeFileSync(text, 'this is not a tensor file, but long enough to be taken for one');
    await t.throwsAsync(() => loadCheckpoint(session, text), { instanceOf: UserError, message: /text\.safetensors/ });
  });
});
