import type { Command } from 'commander';
import { userError } from '../errors.js';
import { addModelOptions, type ModelOptions } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { decimalBetween } from './options/values.js';

interface EmbedOptions extends ModelOptions {
  out: string;
  list?: string;
  root?: string;
  window?: number;
  hop?: number;
  skipBad?: boolean;
  report?: string;
  json?: boolean;
}

/** `voxloop embed`: embeddings of audio files. */
export function register(program: Command): void {
  const seconds = decimalBetween('a number of seconds from 0.1 to 120', 0.1, 120);
  const command = program
    .command('embed')
    .summary('embeddings of audio files')
    .description(
      'Embeds recordings (any format and rate that voxloop reads), whole or in windows, in their order; float32, not normalised. ' +
        'Of a folder all recordings below it, named by their paths in it; links are not followed. ' +
        'A recording that cannot be used is left out and reported, the others are written, and the exit code is 2.',
    )
    .argument('[files...]', 'audio files, or folders: all recordings below them')
    .addOption(
      outputOption(
        program,
        '--out <file>',
        '.npy (names in a .tsv beside it), .jsonl, .ark (Kaldi, with .scp), or - for JSON lines on standard output',
        { dash: 'print' },
      ).makeOptionMandatory(),
    )
    .option(
      '--list <list>',
      'corpus or other folder, wav.scp, or file with a line `path` or `name TAB path` for each recording',
    )
    .option('--root <dir>', "folder that the list's paths are relative to (default: the current one)")
    .option('--window <seconds>', 'embed windows of this length; the last one reaches to the end', seconds)
    .option('--hop <seconds>', "time from one window's start to the next (default: the window's length)", seconds)
    .option('--skip-bad', 'exit with 0 when only some recordings cannot be used')
    .addOption(outputOption(program, '--report <file>', 'write {files, rows, size, seconds, skipped} as JSON'))
    .option('--json', 'print the same JSON');
  addModelOptions(command).action(embed);
}

async function embed(files: string[], options: EmbedOptions): Promise<void> {
  const [
    { withModel },
    { checkEmbeddingNames, embeddingWriter },
    { embeddingRows },
    { recordingsOf },
    { writeFileAtomic },
    helpers,
  ] = await Promise.all([
    import('./options/with-model.js'),
    import('../speakers/write-embeddings.js'),
    import('../speakers/embedding-rows.js'),
    import('./options/recordings.js'),
    import('../io/atomic.js'),
    import('./options/embed-progress.js'),
  ]);
  const { recordings, skipped } = recordingsOf(files, options);
  const write = embeddingWriter(options.out);
  checkEmbeddingNames(
    options.out,
    recordings.map(({ name }) => name),
  );
  const windows = windowsOf(options);
  const { summary, written } = await withModel(options.model, options, (extractor) =>
    helpers.withEmbedProgress(recordings.length, async (progress) => {
      const { rows, summary } = embeddingRows(recordings, extractor, { windows, progress });
      return { written: await write(rows, extractor.size), summary };
    }),
  );
  summary.skipped = skipped.concat(summary.skipped);
  helpers.reportSkipped(summary.skipped);
  if (options.report) writeFileAtomic(options.report, `${JSON.stringify(summary, null, 2)}\n`);
  const text = options.json
    ? JSON.stringify(summary)
    : `${written.join(', ') || 'standard output'}: ${summary.rows} x ${summary.size}, ${summary.seconds.toFixed(1)} s of audio`;
  (options.out === '-' ? process.stderr : process.stdout).write(`${text}\n`);
  if (summary.skipped.length > 0 && !options.skipBad) process.exitCode = 2;
}

function windowsOf({ window, hop }: EmbedOptions) {
  if (window !== undefined) return { windowSeconds: window, hopSeconds: hop ?? window };
  return hop === undefined ? undefined : userError('--hop goes with --window only.');
}
