/**
 * Tests whether the loop's label-free judgement picks a good round when one of them is made worse:
 *
 *   node dist/bench/quality/loop-selection.js --corpus DIR [--seeds 1,2,3] [--out runs/loop-selection]
 *
 * DIR is a folder made by `voxloop corpus debian`. Finished parts are not run again. Standard output: one line of JSON for each seed
 * with the rounds, the selected round, and the relative difference of its channel EER from the best round's.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository, runRecipe, stageResult } from './recipe.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    out: { type: 'string', default: 'runs/loop-selection' },
  },
});
if (!values.corpus) throw new Error('--corpus DIR is missing');

interface Result {
  selected: number;
  rounds: {
    round: number;
    cropEer: number;
    agreement: number;
    kept: number;
    nmi: number;
    eer: Record<string, number>;
  }[];
}

for (const seed of values.seeds.split(',')) {
  const out = join(values.out, `seed${seed}`);
  const settings = [`seed=${seed}`, `corpus.path=${values.corpus}`];
  runRecipe({ recipe: repository('bench/quality/loop-selection.yaml'), out, settings, plugins: ['corrupted-kmeans'] });
  const result = stageResult<Result>(out, 'loop');
  const best = Math.min(...result.rounds.map(({ eer }) => eer.channel));
  const picked = result.rounds.find(({ round }) => round === result.selected)!;
  const rounds = result.rounds.map(({ round, cropEer, agreement, kept, nmi, eer }) => {
    return { round, cropEer, agreement, kept, nmi, channelEer: eer.channel };
  });
  console.log(
    JSON.stringify({ seed: Number(seed), selected: result.selected, above: picked.eer.channel / best - 1, rounds }),
  );
}
