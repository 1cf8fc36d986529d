import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNpy } from '../../../src/io/npy.js';
import { KEPT, REJECTED, UNSEEN } from '../../../src/train/gate/gate-keeper.js';
import {
  describeEpoch,
  type GateLine,
  gateLine,
  readGateLines,
  recordEpoch,
} from '../../../src/train/gate/gate-record.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const UNKNOWN = { gatePrecision: null, gateRecall: null, correctionPrecision: null };
const lineAt = (epoch: number, kept = 0.5, gate: number | null = 2): GateLine => ({
  epoch,
  gate,
  kept,
  corrected: 0.25,
  ...UNKNOWN,
  gatePrecision: 0.9,
});

test('an epoch is measured against the majority speakers of the labels', (t) => {
  // Label 0 is mostly a, label 1 mostly b; utterance 8 has no label, 9 was not met.
  const labels = Int32Array.of(0, 0, 0, 1, 1, 1, 0, 1, -1, 1);
  const speakers = ['a', 'a', 'b', 'b', 'b', 'a', 'a', 'a', 'a', 'b'];
  const decisions = Int32Array.of(KEPT, REJECTED, KEPT, KEPT, KEPT, 0, 1, REJECTED, UNSEEN, UNSEEN);
  const losses = new Float32Array(10);
  const epoch = { epoch: 4, threshold: 1.5, components: { separation: 3 }, losses, decisions };
  t.deepEqual(gateLine(epoch, labels, speakers), {
    epoch: 4,
    gate: 1.5,
    kept: 4 / 8,
    corrected: 2 / 8,
    // Kept: 0, 2, 3 and 4, of which 2 is wrong. Right and met: 0, 1, 3, 4 and 6.
    gatePrecision: 3 / 4,
    gateRecall: 3 / 5,
    correctionPrecision: 1 / 2,
    components: { separation: 3 },
  });
  const blind = gateLine({ ...epoch, threshold: Number.POSITIVE_INFINITY, components: undefined }, labels, null);
  t.deepEqual(blind, { epoch: 4, gate: null, kept: 4 / 8, corrected: 2 / 8, ...UNKNOWN });
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
