import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readManifest, writeManifest } from '../../../src/data/manifest.js';
import { writeNpy } from '../../../src/io/npy.js';
import { createRng } from '../../../src/random.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const registry = newRegistry();
const SIZE = 5;
const VOICES = { train: 20, test: 6 };
const EACH = 3;

interface Figures {
  eer: number;
  minDcf: Record<string, number>;
  minCllr: number;
  actDcf: Record<string, number> | null;
  cllr: number | null;
  interval: { eer: [number, number]; minDcf: Record<string, [number, number]> };
  trials: number;
  targets: number;
}
type Lists = Record<
  string,
  Figures & {
    rule: string;
    byRule: Record<string, Figures>;
    groups: Record<string, Record<string, { eer: number | null; trials: number; targets: number }>>;
  }
>;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Detection costs, plainly: at the Bayes threshold, and the lowest over all thresholds. */
function costs(scores: readonly number[], labels: readonly boolean[], prior: number) {
  const ofKind = (kind: boolean) => scores.filter((_, i) => labels[i] === kind);
  const [targets, nontargets] = [ofKind(true), ofKind(false)];
  const costAt = (threshold: number) =>
    (prior * mean(targets.map((score) => Number(score < threshold))) +
      (1 - prior) * mean(nontargets.map((score) => Number(score >= threshold)))) /
    Math.min(prior, 1 - prior);
  const thresholds = [...scores, Number.POSITIVE_INFINITY];
  return { actual: costAt(Math.log((1 - prior) / prior)), least: Math.min(...thresholds.map(costAt)) };
}

const cllrOf = (scores: readonly number[], labels: readonly boolean[]) =>
  0.5 *
  ([true, false] as const)
    .map((kind) => mean(scores.flatMap((s, i) => (labels[i] === kind ? [Math.log2(1 + Math.exp(kind ? -s : s))] : []))))
    .reduce((a, b) => a + b);

test('costs, Cllr and groups of a calibrated list are those of its scores, computed plainly', async (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { ...VOICES, each: EACH, seconds: 0.1 });
  const voiceOf = (speaker: string | null) => Number(/\d+/.exec(speaker ?? '')![0]);
  const facts = (speaker: string | null) => ({ gender: voiceOf(speaker) % 2 ? 'f' : 'm', language: 'de' });
  writeManifest(
    path,
    readManifest(path).utterances.map((one) => ({ ...one, ...facts(one.speaker) })),
  );
  const corpus = await runStage({
    registry,
    stage: 'corpus',
    dir: join(dir, 'corpus'),
    artifacts: {},
    options: { source: 'ready', path },
  });
  const rng = createRng('evaluate');
  const voices = (count: number) => {
    const means = Array.from({ length: count * SIZE }, () => 2 * rng.normal());
    const value = (_: unknown, i: number) =>
      means[Math.floor(i / SIZE / EACH) * SIZE + (i % SIZE)] + 1.5 * rng.normal();
    return Float32Array.from({ length: count * EACH * SIZE }, value);
  };
  for (const [part, count] of Object.entries({ train: VOICES.train, clean: VOICES.test, channel: VOICES.test }))
    writeNpy(join(dir, 'embeddings', `${part}.npy`), [count * EACH, SIZE], voices(count));
  const made = { network: 'network', origin: 'test', embeddingSize: SIZE };
  const artifacts = { corpus, embeddings: artifactAt(join(dir, 'embeddings'), 'embed', made) };
  const given = { corpus: 'corpus', embeddings: 'embeddings' };
  const backend = await runStage({
    registry,
    artifacts,
    stage: 'backend',
    dir: join(dir, 'backend'),
    options: { ...given, calibrate: { trials: 60, measures: ['magnitudes'] } },
  });
  const { result } = await runStage({
    registry,
    stage: 'evaluate',
    dir: join(dir, 'evaluation'),
    artifacts: { ...artifacts, backend },
    options: { ...given, system: 'test', backend: 'backend' },
  });
  for (const [name, list] of Object.entries((result as unknown as { lists: Lists }).lists)) {
    const lines = readFileSync(join(dir, 'evaluation', `${name}.scores.txt`), 'utf8')
      .trim()
      .split('\n');
    const fields = lines.map((line) => line.split(' '));
    const labels = fields.map(([, label]) => label === '1');
    const scores = fields.map(([score]) => Number(score));
    t.deepEqual([list.trials, list.targets], [scores.length, labels.filter(Boolean).length]);
    const near = (found: number | undefined, expected: number, what: string) =>
      t.true(Math.abs(found! - expected) < 1e-6, `${name}: ${what} ${found} is not ${expected}`);
    for (const prior of [0.01, 0.05]) {
      const { actual, least } = costs(scores, labels, prior);
      near(list.actDcf?.[prior], actual, 'actDCF');
      near(list.minDcf[prior], Math.min(1, least), 'minDCF');
      t.true(list.interval.minDcf[prior][0] <= list.interval.minDcf[prior][1]);
    }
    near(list.cllr!, cllrOf(scores, labels), 'Cllr');
    t.true(list.minCllr <= list.cllr! && list.minCllr > 0);
    // What does not change under a rising map is told of cosines too; what reads them as likelihood ratios is not.
    t.deepEqual([list.byRule.raw.actDcf, list.byRule.raw.cllr], [null, null]);
    t.true(list.byRule.raw.minCllr > 0);
    t.deepEqual(Object.keys(list.groups), ['gender'], 'all speak one language, and no length divides them');
    const { f, m, mixed } = list.groups.gender;
    t.deepEqual([f.trials, m.trials, mixed.trials], [36, 36, 81]);
    t.deepEqual([f.targets, m.targets, mixed.targets, mixed.eer], [9, 9, 0, null]);
    t.true(f.eer! >= 0 && f.eer! <= 1);
  }
});
