import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { defineGate, z } from '../../../src/index.js';
import { readNpy } from '../../../src/io/npy.js';
import { gateRule } from '../../../src/stages/artifacts/pseudo-labels.js';
import {
  describeEpoch,
  type GateLine,
  gateLine,
  readGateLines,
  recordEpoch,
} from '../../../src/stages/finetune/gate-record.js';
import { gateHistogram, gateShares } from '../../../src/stages/report/gate-charts.js';
import { KEPT, REJECTED, UNSEEN } from '../../../src/train/labels/label-correction.js';
import { artifactAt, newRegistry } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const UNKNOWN = { gatePrecision: null, gateRecall: null, correctionPrecision: null };
const lineAt = (epoch: number, kept = 0.5, gate: number | null = 2): GateLine => ({
  ...{ epoch, gate, kept, corrected: 0.25 },
  ...{ ...UNKNOWN, gatePrecision: 0.9 },
});

test('an epoch is measured against the majority speakers of the labels', (t) => {
  // Label 0 is mostly a, label 1 mostly b; utterance 8 has no label, 9 was not met.
  const labels = Int32Array.of(0, 0, 0, 1, 1, 1, 0, 1, -1, 1);
  const speakers = ['a', 'a', 'b', 'b', 'b', 'a', 'a', 'a', 'a', 'b'];
  const decisions = Int32Array.of(KEPT, REJECTED, KEPT, KEPT, KEPT, 0, 1, REJECTED, UNSEEN, UNSEEN);
  const losses = new Float32Array(10);
  const epoch = { epoch: 4, threshold: 1.5, components: { separation: 3 }, losses, decisions };
  t.deepEqual(gateLine(epoch, labels, speakers), {
    ...{ epoch: 4, gate: 1.5, kept: 4 / 8, corrected: 2 / 8 },
    // Kept: 0, 2, 3 and 4, of which 2 is wrong. Right and met: 0, 1, 3, 4 and 6.
    ...{ gatePrecision: 3 / 4, gateRecall: 3 / 5, correctionPrecision: 1 / 2 },
    components: { separation: 3 },
  });
  const blind = gateLine({ ...epoch, threshold: Number.POSITIVE_INFINITY, components: undefined }, labels, null);
  t.deepEqual(blind, { ...{ epoch: 4, gate: null, kept: 4 / 8, corrected: 2 / 8 }, ...UNKNOWN });
  const unmet = { ...epoch, decisions: new Int32Array(10).fill(UNSEEN) };
  t.like(gateLine(unmet, labels, speakers), { kept: null, corrected: null, ...UNKNOWN });
});

test('an epoch reads as a sentence, without what is not known', (t) => {
  t.is(describeEpoch({ ...lineAt(3), corrected: 0 }), 'epoch 3: kept 50.0 %; 90.0 % of the kept labels are right');
  t.regex(
    describeEpoch({ ...lineAt(3), correctionPrecision: 0.8 }),
    /; corrected 25\.0 %;.*; 80\.0 % of the corrections/,
  );
});

test('an epoch done again replaces what was written of it and after it; the last losses stay', (t) => {
  const dir = temporaryFolder(t);
  const losses = (epoch: number) => Float32Array.of(epoch, Number.NaN);
  for (let epoch = 0; epoch < 6; epoch++) recordEpoch(dir, lineAt(epoch), losses(epoch));
  recordEpoch(dir, lineAt(4, 0.75), losses(40));
  t.deepEqual(
    readGateLines(dir).map(({ epoch, kept }) => [epoch, kept]),
    [0, 1, 2, 3, 4].map((epoch) => [epoch, epoch === 4 ? 0.75 : 0.5]),
  );
  t.deepEqual(readdirSync(join(dir, 'losses')).sort(), ['epoch-003.npy', 'epoch-004.npy']);
  recordEpoch(dir, lineAt(5), losses(5));
  t.deepEqual(readdirSync(join(dir, 'losses')).sort(), ['epoch-003.npy', 'epoch-004.npy', 'epoch-005.npy']);
  t.deepEqual(readNpy(join(dir, 'losses', 'epoch-004.npy')).data, losses(40));
});

test('the report shows the last losses with their gate, and shares by epoch', (t) => {
  const dir = temporaryFolder(t);
  const stage = artifactAt(dir, 'finetune');
  t.deepEqual([gateHistogram('round', stage), gateShares('round', stage)], [[], []]);
  recordEpoch(dir, lineAt(0, 1, null), Float32Array.of(1, 2, 3));
  t.deepEqual(gateShares('round', stage), [], 'an open gate has nothing to show');
  recordEpoch(dir, lineAt(1), Float32Array.of(1, 5, Number.NaN));
  t.deepEqual(gateHistogram('round', stage), [
    { title: 'round: 50 % kept 25 % corrected', losses: Float32Array.of(1, 5), threshold: 2 },
  ]);
  const [{ curves }] = gateShares('round', stage);
  t.deepEqual(
    curves.map(({ name, y }) => [name, ...Array.from(y)]),
    [
      ['kept', 1, 0.5],
      ['corrected', 0.25, 0.25],
      ['right among the kept', 0.9, 0.9],
    ],
  );
});

const anyGate = defineGate({
  name: 'any',
  summary: 'Keeps losses up to whatever is asked.',
  options: z.strictObject({ limit: z.number() }),
  threshold: (_, { limit }) => ({ threshold: limit, components: { limit } }),
});

test('a gate that rejects nearly all stays open for that epoch, with a warning', async (t) => {
  const registry = newRegistry();
  registry.add(anyGate, 'test', '');
  const losses = Float32Array.from({ length: 1000 }, (_, i) => (i < 900 ? 1 + i : Number.NaN));
  const ask = async (limit: number, given = losses) => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const rule = await gateRule({ registry, log }, { name: 'any', options: { limit } } as never);
    return { ...rule(given, 3), line: lines.join() };
  };
  const kept = await ask(9);
  t.like(kept, { threshold: 9, components: { limit: 9 } });
  t.is(kept.line, 'epoch 3: the gate would keep 9 of the last 900 losses (loss up to 9.000)');
  for (const limit of [8, 0.5, 0, Number.NaN]) {
    const open = await ask(limit);
    t.is(open.threshold, Number.POSITIVE_INFINITY);
    t.regex(open.line, /^epoch 3: WARNING: the gate 'any' keeps [08] of 900 losses .*every pseudo-label is believed/);
  }
  t.is((await ask(Number.POSITIVE_INFINITY)).line, 'epoch 3: the gate would keep 900 of the last 900 losses');
  t.is((await ask(5, new Float32Array(4).fill(Number.NaN))).threshold, 5, 'nothing is known yet: nothing to say');
  const without = await gateRule({ registry, log: (line) => t.fail(line) }, undefined);
  t.is(without(losses, 1).threshold, Number.POSITIVE_INFINITY);
});

test('correction without a gate, or before it opens, is refused before the run', async (t) => {
  const registry = newRegistry();
  const plugin = await registry.load('stage', 'finetune');
  const given = {
    ...{ batchSize: 8, accumulate: 1, epochs: 6, cropSeconds: 1, speeds: [1], sampling: { kind: 'shuffled' } },
    ...{ init: 'model', classifier: 'new', loss: { name: 'aam-softmax', options: { margin: 0.2, scale: 32 } } },
    gateFromEpoch: 3,
  };
  const faults = async (more: object) => {
    const context = { seed: 1, device: 'cpu' as const, threads: 0, registry, log: () => {} };
    return (await plugin.check!(context, { ...given, ...more } as never)) ?? [];
  };
  const gate = { name: 'dynamic', options: {} };
  t.deepEqual(await faults({ gate, correction: { fromEpoch: 3 } }), []);
  t.deepEqual(await faults({}), []);
  t.regex((await faults({ correction: { fromEpoch: 5 } })).join(), /only what a gate rejects is corrected/);
  t.regex(
    (await faults({ gate, correction: { fromEpoch: 2 } })).join(),
    /2 is before the gate opens \(gateFromEpoch: 3\)/,
  );
});
