/**
 * Whether the loop's label-free judgement picks a good round when one of them is made worse:
 *
 *   node dist/bench/loop-selection.js --corpus DIR [--seeds 1,2,3] [--out runs/loop-selection]
 *
 * DIR is a folder made by `voxloop corpus debian`. Finished parts are not done again. Standard output: one line of JSON for each seed
 * with the rounds, the round that was picked and by how much its channel EER is above the best round's (relative).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    out: { type: 'string', default: 'runs/loop-selection' },
  },
});
if (!values.corpus) throw new Error('--corpus DIR is missing');

const root = join(import.meta.dirname, '..', '..');
const plugin = join(import.meta.dirname, 'corrupted-kmeans.js');

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
  const settings = [`seed=${seed}`, `corpus.path=${values.corpus}`].flatMap((setting) => ['--set', setting]);
  const recipe = join(root, 'bench', 'loop-selection.yaml');
  const command = [join(root, 'bin', 'voxloop.mjs'), 'run', recipe, '--out', out, '--plugin', plugin, ...settings];
  const { status } = spawnSync(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
  const { result } = JSON.parse(readFileSync(join(out, 'stages', 'loop', 'stage.json'), 'utf8')) as { result: Result };
  const best = Math.min(...result.rounds.map(({ eer }) => eer.channel));
  const picked = result.rounds.find(({ round }) => round === result.selected)!;
  const rounds = result.rounds.map(({ round, cropEer, agreement, kept, nmi, eer }) => {
    return { round, cropEer, agreement, kept, nmi, channelEer: eer.channel };
  });
  console.log(
    JSON.stringify({ seed: Number(seed), selected: result.selected, above: picked.eer.channel / best - 1, rounds }),
  );
}
