import { join } from 'node:path';
import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import { UserError } from '../../src/errors.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { readSafetensors } from '../../src/io/safetensors.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/train/checkpoint.js';
import { plainBook, plainRoundTrip } from '../helpers/oracles/codes.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { noiseBatch, smallPretrainer, smallTdnn } from '../helpers/training/small-training.js';

const VALUES = { rate: 0.01, momentum: 0.9, teacherTemperature: 0.05, lastLayer: 1 };
// Three of its weights have more than 4096 values.
const backbone = await smallTdnn({ width: 40 });
const pretrainer = (session: Session, optimizer: Record<string, unknown>) =>
  smallPretrainer(session, { name: 'adamw', ...optimizer }, { backbone });

/** Two steps, then a checkpoint; returns what the session held. */
function trained(path: string, optimizer: Record<string, unknown>): Promise<Record<string, HostTensor>> {
  return withSession(async (session) => {
    const trainer = pretrainer(session, optimizer);
    for (const step of [0, 1]) await trainer.step(noiseBatch(step), step, VALUES);
    await saveCheckpoint(session, path, 2);
    return session.save();
  });
}

/** Loads a checkpoint for another optimizer, and steps once to see that it can. */
function loaded(path: string, optimizer: Record<string, unknown>) {
  return withSession(async (session) => {
    const trainer = pretrainer(session, optimizer);
    const notes: string[] = [];
    const { step } = (await loadCheckpoint(session, path, (line) => notes.push(line)))!;
    const values = await session.save();
    const { loss } = await trainer.step(noiseBatch(step), step, VALUES);
    return { values, notes, loss };
  });
}

const isState = (name: string) => name.startsWith('optimizer/');

test('8-bit states are saved as they are, and come back without a note', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  const saved = await trained(path, { stateBits: 8 });
  const { tensors } = readSafetensors(path);
  t.deepEqual(tensors, saved);
  const codes = Object.keys(tensors).filter((name) => name.includes('/codes/'));
  t.is(codes.length, 6);
  t.true(codes.every((name) => tensors[name].dtype === 'uint8' && isState(name)));
  const { values, notes } = await loaded(path, { stateBits: 8 });
  t.deepEqual(values, saved);
  t.deepEqual(notes, []);
});

test('a checkpoint with 32-bit states goes on in 8 bit, with a note', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  const saved = await trained(path, {});
  const { values, notes, loss } = await loaded(path, { stateBits: 8 });
  t.deepEqual(notes, [`${path}: 6 optimizer states were in 32 bit and are rounded to 8 bit`]);
  t.true(Number.isFinite(loss));
  const codes = Object.keys(values).filter((name) => name.includes('/codes/'));
  t.is(codes.length, 6);
  for (const name of codes) {
    const wide = saved[name.replace('/codes/', '/')].data as Float32Array;
    const book = plainBook(name.includes('/mean/'));
    const absmax = values[name.replace('/codes/', '/absmax/')].data as Float32Array;
    const decoded = Array.from(values[name].data as Uint8Array, (code, i) => Math.fround(book[code] * absmax[i >> 8]));
    t.deepEqual(decoded, plainRoundTrip([...wide], book).map(Math.fround), name);
  }
  for (const name of Object.keys(saved)) if (name in values) t.deepEqual(values[name], saved[name], name);
});

test('a checkpoint with 8-bit states goes on in 32 bit, with a note', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  const saved = await trained(path, { stateBits: 8 });
  const { values, notes, loss } = await loaded(path, {});
  t.deepEqual(notes, [`${path}: 6 optimizer states were in 8 bit and go on in 32 bit`]);
  t.true(Number.isFinite(loss));
  for (const [name, { data }] of Object.entries(values)) {
    if (name in saved) t.deepEqual(values[name], saved[name], name);
    else {
      const part = (form: string) => saved[name.replace(/(mean|square)\//, `$1/${form}/`)].data;
      const book = plainBook(name.includes('/mean/'));
      t.deepEqual(
        data,
        Float32Array.from(
          part('codes') as Uint8Array,
          (code, i) => book[code] * (part('absmax') as Float32Array)[i >> 8],
        ),
        name,
      );
    }
  }
});

test('some weights may change their form while others keep it', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  await trained(path, { stateBits: 8, keep32: ['*layer2*'] });
  const { notes } = await loaded(path, { stateBits: 8, keep32: ['*layer3*', '*layer4*'] });
  t.deepEqual(notes, [
    `${path}: 2 optimizer states were in 32 bit and are rounded to 8 bit`,
    `${path}: 4 optimizer states were in 8 bit and go on in 32 bit`,
  ]);
});

test('states of another optimizer stay an error', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  await trained(path, { stateBits: 8 });
  await withSession(async (session) => {
    pretrainer(session, { name: 'sgd' });
    await t.throwsAsync(() => loadCheckpoint(session, path), {
      instanceOf: UserError,
      message: /optimizer\/momentum\/.* is missing/,
    });
  });
});
