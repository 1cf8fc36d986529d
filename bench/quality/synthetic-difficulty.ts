/**
 * The difficulty of the synthetic corpus: EERs of pitch alone, of the non-learned baseline, of an untrained network and of one that was
 * trained on the true speakers; synthetic-difficulty.yaml says how. Some 20 minutes on 2 cores.
 *
 *   node dist/bench/quality/synthetic-difficulty.js [--out runs/synthetic-difficulty] [--set oracle.steps=500 ...]
 *
 * Standard output: one line of JSON, fractions.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { readTrials } from '../../src/data/trials.js';
import { eerOf } from '../../src/eval/detection/eer.js';
import { meanLogPitch } from './mean-pitch.js';
import { repository, runRecipe, stageResult } from './recipe.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/synthetic-difficulty' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

interface Evaluation {
  lists: Record<'clean' | 'channel', { eer: number }>;
}

/** EERs of an evaluation artifact on both lists. */
function eersOf(stage: string): Record<string, number> {
  const { lists } = stageResult<Evaluation>(values.out, stage);
  return { clean: lists.clean.eer, channel: lists.channel.eer };
}

/** Scores trials by how far apart the mean pitches are. */
async function pitchEer(corpus: string, list: string): Promise<number> {
  const trials = readTrials(join(corpus, 'trials', `${list}.txt`));
  const pitches = new Map<string, number>();
  for (const path of new Set(trials.flatMap(({ enrolment, test }) => [enrolment, test]))) {
    const pitch = meanLogPitch(await loadMono16k(join(corpus, path)));
    // Without a pitch, assume that of an average voice.
    pitches.set(path, Number.isNaN(pitch) ? Math.log(150) : pitch);
  }
  const scores = trials.map(({ enrolment, test }) => -Math.abs(pitches.get(enrolment)! - pitches.get(test)!));
  return eerOf(
    scores,
    trials.map(({ target }) => target),
  );
}

runRecipe({
  recipe: repository('bench/quality/synthetic-difficulty.yaml'),
  out: values.out,
  settings: values.set,
  plugins: ['speaker-labels'],
});
const corpus = join(values.out, 'stages', 'corpus', 'corpus');
const pitch = { clean: await pitchEer(corpus, 'clean'), channel: await pitchEer(corpus, 'channel') };
const figures = {
  pitch,
  baseline: eersOf('baseline'),
  untrained: eersOf('untrained-result'),
  oracle: eersOf('oracle-result'),
};
console.log(JSON.stringify(figures));
