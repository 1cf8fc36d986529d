import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeNpy } from '../../../src/io/npy.js';
import { recordEpoch } from '../../../src/train/gate/gate-record.js';

/** Lines of metrics.jsonl of a training with a teacher. */
export const metricsText = (from: number, to: number, loss: (step: number) => number): string =>
  Array.from({ length: to - from }, (_, i) => from + i)
    .map(
      (step) => `${JSON.stringify({ step, loss: loss(step), outputs: 64, teacherEntropy: 3, studentEntropy: 3.5 })}\n`,
    )
    .join('');

const UNKNOWN = { gatePrecision: null, gateRecall: null, correctionPrecision: null };
export const ROUND = {
  round: 1,
  clusters: 7,
  kept: 0.5,
  corrected: 0.25,
  agreement: 0.75,
  cropEer: 0.125,
  nmi: null,
  purity: null,
};

/** The folder of a run in the middle of a loop's second round, as the pipeline and its stages write it; four utterances. */
export function writeRunOnDisk(dir: string): void {
  const file = (name: string, text: string) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  const record = (stage: string, name: string, options: object, result: object = {}) =>
    file(`${name}/stage.json`, JSON.stringify({ key: name, stage, options, result, seconds: 12 }));
  const begun = (stage: string, name: string) =>
    file(`${name}/stage.partial.json`, JSON.stringify({ key: name, attempt: name, stage, seconds: 61 }));
  const stages = ['{stage: pretrain, as: dino}', '{stage: loop, as: loop}', '{stage: report, as: report}'];
  file('config.yaml', `name: "<demo>"\nseed: 1\nstages:\n${stages.map((line) => `  - ${line}\n`).join('')}`);
  record('pretrain', 'stages/dino', {});
  file(
    'stages/dino/metrics.jsonl',
    metricsText(0, 40, (step) => 8 - step / 10),
  );
  begun('loop', 'stages/loop');
  file('stages/loop/rounds.jsonl', `${JSON.stringify({ ...ROUND, eer: { clean: 0.0625 } })}\n`);
  record('embed', 'stages/loop/stages/embeddings-0', { corpus: 'corpus', model: 'dino' });
  writeNpy(
    join(dir, 'stages/loop/stages/embeddings-0/train.npy'),
    [4, 2],
    Float32Array.of(1, 0, 0.123456789, 1, -1, 0, 0, -1),
  );
  record('cluster', 'stages/loop/stages/clusters-1', { corpus: 'corpus', embeddings: 'embeddings-0' });
  writeNpy(join(dir, 'stages/loop/stages/clusters-1/labels.npy'), [4], Int32Array.of(0, 1, -1, 1));
  begun('finetune', 'stages/loop/stages/round-2');
  file(
    'stages/loop/stages/round-2/metrics.jsonl',
    metricsText(0, 10, (step) => 5 - step / 10),
  );
  for (const epoch of [0, 1]) {
    const line = { epoch, gate: epoch === 0 ? null : 1.5, kept: 0.5, corrected: 0.25, ...UNKNOWN };
    recordEpoch(join(dir, 'stages/loop/stages/round-2'), line, Float32Array.of(1, 2, Number.NaN, 4));
  }
  const events = [
    { event: 'run-start' },
    { event: 'stage-done', as: 'dino' },
    { event: 'stage-start', as: 'loop' },
    { event: 'stage-start', within: 'loop', as: 'round-2' },
  ];
  file('journal.jsonl', events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
