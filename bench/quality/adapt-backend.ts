/**
 * Back-ends that are adapted to another domain by its embeddings alone, on a finished run's embeddings of both: without adaptation, by the rule of
 * Kaldi for PLDA, and by CORAL. Half of the test speakers of a list, drawn by seed, stand for the other domain's unlabelled recordings; trials
 * are those between the other half.
 *
 *   node dist/bench/quality/adapt-backend.js --run runs/real-speech --embeddings simclr-embeddings --list wuw-cross-session [--seeds 3]
 *
 * Back-ends learn from the training utterances whose speakers are known. Standard output: a line of JSON for each, with equal error rates in
 * percent by seed and their mean; then one with the share of held-out embeddings, of either domain alike, whose domain logistic regression names,
 * before and after CORAL.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { knownLabels } from '../../src/data/known-labels.js';
import { type BackendRecipe, fitBackend } from '../../src/eval/backend/fit-backend.js';
import { scoreWithBackend } from '../../src/eval/backend/scoring-backend.js';
import { alignWithDomain } from '../../src/eval/coral.js';
import { eerOf } from '../../src/eval/detection/eer.js';
import type { Artifact } from '../../src/plugin/stage.js';
import { createRng } from '../../src/random.js';
import { joinRows, rowsOf } from '../../src/rows.js';
import { openTraining, openTrialLists } from '../../src/stages/artifacts/corpus-data.js';
import { readEmbeddings } from '../../src/stages/artifacts/embeddings-data.js';
import { domainAccuracy } from './domain-probe.js';
import { mean, seedsUpTo } from './recipe.js';

const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/real-speech' },
    embeddings: { type: 'string', default: 'simclr-embeddings' },
    list: { type: 'string', default: 'wuw-cross-session' },
    seeds: { type: 'string', default: '3' },
  },
});

const artifact = (name: string): Artifact => {
  const dir = join(values.run, 'stages', name);
  const { stage, result } = JSON.parse(readFileSync(join(dir, 'stage.json'), 'utf8'));
  return { dir, stage, result, seconds: 0 };
};
const corpus = openTraining(artifact('corpus'));
const list = openTrialLists(artifact('corpus')).find(({ name }) => name === values.list);
if (!list) throw new Error(`the corpus has no list ${values.list}`);
const { vectors, size } = readEmbeddings(artifact(values.embeddings), 'train');
const heard = [...rowsOf(readEmbeddings(artifact(values.embeddings), list.name).vectors, size)];
const { labels } = knownLabels(corpus.trainSpeakers, { share: 1, least: 2, seed: 1 });

/** One drawing of the speakers: embeddings to adapt to, and trials between the others. */
function drawn(seed: number) {
  const { paths, speakers, trials } = list!;
  const all = [...new Set(paths.map((path) => speakers.get(path)!))].sort();
  const chosen = new Set(
    createRng(seed)
      .fork('domain')
      .shuffle(all)
      .slice(0, Math.floor(all.length / 2)),
  );
  const isChosen = (path: string) => chosen.has(speakers.get(path)!);
  return {
    target: joinRows(heard.filter((_, i) => isChosen(paths[i]))),
    trials: trials.filter(({ enrolment, test }) => !isChosen(enrolment) && !isChosen(test)),
    embeddings: new Map(paths.map((path, i) => [path, heard[i]])),
  };
}

type Adapt = NonNullable<BackendRecipe['adapt']>;
const plda = { iterations: 10, sessions: 'count' as const };
const SYSTEMS: Record<string, (target: Float32Array) => Partial<BackendRecipe>> = {
  cosine: () => ({}),
  'cosine, mean of the target': (target) => ({ adapt: { vectors: target } }),
  plda: () => ({ plda }),
  'plda, adapted': (target) => ({ plda, adapt: { vectors: target, method: 'plda' } satisfies Adapt }),
  'plda, CORAL': (target) => ({ plda, adapt: { vectors: target, method: 'coral' } satisfies Adapt }),
};

const seeds = seedsUpTo(values.seeds);
for (const [system, recipeOf] of Object.entries(SYSTEMS)) {
  const eers = seeds.map((seed) => {
    const { target, trials, embeddings } = drawn(seed);
    const { backend } = fitBackend(
      { vectors, size, labels, seed },
      { subtractMean: true, whiten: false, ...recipeOf(target) },
    );
    const { plain } = scoreWithBackend(backend, { trials, embeddings });
    const isTarget = trials.map((trial) => trial.target);
    return 100 * eerOf(plain, isTarget);
  });
  console.log(JSON.stringify({ system, eers, mean: mean(eers) }));
}
const accuracies = seeds.map((seed) => {
  const { target } = drawn(seed);
  const aligned = alignWithDomain(vectors, target, size);
  return { before: domainAccuracy([vectors, target], size), after: domainAccuracy([aligned, target], size) };
});
console.log(JSON.stringify({ probe: accuracies }));
