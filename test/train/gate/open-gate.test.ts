import { readdirSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { KEPT, REJECTED } from '../../../src/train/gate/gate-keeper.js';
import { readGateLines } from '../../../src/train/gate/gate-record.js';
import { type GateParts, openGate } from '../../../src/train/gate/open-gate.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const CORRECTION = { temperature: 0.1, confidence: 0.5 };
const OPTIONS = { gateFromEpoch: 1, gateMomentum: 0.25, correction: { fromEpoch: 2, ...CORRECTION } };

function open(t: ExecutionContext, parts: Pick<GateParts, 'rule' | 'log'>) {
  const dir = temporaryFolder(t);
  const gate = openGate({ ...parts, options: OPTIONS, labels: Int32Array.of(0, 1), speakers: null, dir });
  const record = (losses: number[], decisions: number[]) =>
    gate.record(Int32Array.of(0, 1), Float32Array.from(losses), Int32Array.from(decisions));
  return { dir, gate, record };
}

test('every label is believed, then the gate decides, then rejected labels are corrected', (t) => {
  const lines: string[] = [];
  const rule = { name: 'two', threshold: () => ({ threshold: 2 }) };
  const { dir, gate, record } = open(t, { rule, log: (line) => lines.push(line) });
  t.deepEqual(gate.at(0), { gate: Number.POSITIVE_INFINITY, momentum: 0.25 });
  record([1, 3], [KEPT, KEPT]);
  t.deepEqual(gate.at(1), { gate: 2, momentum: 0.25 });
  record([1, 4], [KEPT, REJECTED]);
  t.deepEqual(gate.at(2), { gate: 2, momentum: 0.25, correction: CORRECTION });
  record([1, 5], [KEPT, 0]);
  t.like(gate.finish(), { epoch: 2, gate: 2, kept: 0.5, corrected: 0.5 });
  t.deepEqual(
    readGateLines(dir).map(({ epoch, gate, kept }) => [epoch, gate, kept]),
    [
      [0, null, 1],
      [1, 2, 0.5],
      [2, 2, 0.5],
    ],
  );
  t.is(readdirSync(`${dir}/losses`).length, 3);
  t.is(lines.length, 5);
});

test('without a rule every label is believed in every epoch, and nothing is logged', (t) => {
  const { gate, record } = open(t, { log: (line) => t.fail(line) });
  for (const epoch of [0, 1, 2]) {
    t.deepEqual(gate.at(epoch), { gate: Number.POSITIVE_INFINITY, momentum: 0.25 });
    record([1, 3], [KEPT, KEPT]);
  }
  t.like(gate.finish(), { epoch: 2, gate: null, kept: 1, corrected: 0 });
});

test('without a step there is no last epoch', (t) => {
  t.is(open(t, { log: (line) => t.fail(line) }).gate.finish(), undefined);
});
