import type { Command } from 'commander';
import { invalid, repeated } from '../options/values.js';
import { type CommonFlags, runBuild } from './build-command.js';
import { shardedCommand } from './sharded-command.js';

type FoldersFlags = CommonFlags & {
  root: string;
  folders: { path: string; speakerPart?: number }[];
  trials?: string[];
  tests?: string;
  skipMissing?: boolean;
  minSeconds?: number;
};

/** `voxloop corpus folders`: several folders, with trial lists of the user's own. */
export function registerFolders(corpus: Command): void {
  shardedCommand(corpus, 'folders')
    .summary('several folders, with your own trial lists')
    .description(
      'Trains on the recordings of several folders. Those that the trials name are tested; whoever is tested, and what --tests names, is ' +
        'not trained on. Of a corpus made by voxloop (manifest.tsv) only its training utterances are.',
    )
    .requiredOption('--root <dir>', 'folder that all other paths start from')
    .requiredOption(
      '--folders <folder...>',
      'folders below the root; FOLDER:N where the Nth folder of the path below it, from 0, names the speaker',
      repeated(folderOf),
    )
    .option('--trials <file...>', 'trial lists in paths from the root (default: drawn from what --tests names)')
    .option('--tests <file>', 'folders that are heard in tests only: a path from the root on each line')
    .option('--skip-missing', 'go on without folders, and without trial lists, that are not there')
    .addHelpText(
      'after',
      '\nExample: voxloop corpus folders --root data --folders libri:0 mycroft --trials trials.txt --out corpora/mine\n',
    )
    .action(({ json, ...flags }: FoldersFlags) =>
      runBuild(json, async (build) => {
        const { buildFoldersCorpus } = await import('../../data/corpus/folders/folders.js');
        return buildFoldersCorpus({ ...build, ...flags });
      }),
    );
}

/** `FOLDER:N` or `FOLDER`. */
function folderOf(text: string): { path: string; speakerPart?: number } {
  const [, path, part] = /^(.+?)(?::(\d+))?$/.exec(text) ?? [];
  if (path === undefined) throw invalid('a folder, or FOLDER:N');
  return part === undefined ? { path } : { path, speakerPart: Number(part) };
}
