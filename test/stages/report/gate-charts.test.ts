import test from 'ava';
import { gateHistogram, gateShares } from '../../../src/stages/report/gate-charts.js';
import { type GateLine, recordEpoch } from '../../../src/train/gate/gate-record.js';
import { artifactAt } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const lineAt = (epoch: number, kept = 0.5, gate: number | null = 2): GateLine => ({
  epoch,
  gate,
  kept,
  corrected: 0.25,
  gatePrecision: 0.9,
  gateRecall: null,
  correctionPrecision: null,
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
