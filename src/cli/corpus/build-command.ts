import type { Command } from 'commander';
import type { BuildOptions } from '../../data/corpus/build-options.js';
import type { CorpusSummary } from '../../data/corpus/corpus-folder.js';
import { MOST_THREADS } from '../../most-threads.js';
import { wholeNumber } from '../options/values.js';

/** Flags that every `voxloop corpus` command takes. */
export interface CommonFlags {
  out: string;
  jobs?: number;
  force?: boolean;
  json?: boolean;
}

/** Adds the flags that every `voxloop corpus` command takes. */
export function addCommonFlags(command: Command): Command {
  return command
    .requiredOption('--out <dir>', 'folder of the corpus')
    .option('--jobs <n>', 'threads (default: one per core)', wholeNumber(1, MOST_THREADS))
    .option('--force', 'rebuild a corpus that exists already')
    .option('--json', 'print a summary as JSON');
}

/** Runs a build with progress on stderr, stopping it on Ctrl-C; prints a summary. */
export async function runBuild(
  json: boolean | undefined,
  build: (options: BuildOptions) => Promise<CorpusSummary>,
): Promise<void> {
  const { listenForInterrupt } = await import('../../pipeline/run/interrupt.js');
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const { signal, stop } = listenForInterrupt(log);
  try {
    const summary = await build({ log, signal });
    process.stdout.write(`${json ? JSON.stringify(summary) : describe(summary)}\n`);
  } finally {
    stop();
  }
}

function describe({
  dir,
  existing,
  utterances,
  speakers,
  seconds,
  test,
  trials,
  lists,
  skipped,
}: CorpusSummary): string {
  const voices = speakers > 0 ? `${speakers} speakers` : 'unknown speakers';
  const hours = (seconds / 3600).toFixed(2);
  const tested = test.utterances > 0 ? `, ${test.utterances} of ${test.speakers} of them for ${trials} trials` : '';
  const named = Object.entries(lists ?? {}).map(([name, { trials: n }]) => `trials/${name}.txt: ${n} trials`);
  const lines = [
    `${dir}${existing ? ' was there already' : ''}: ${utterances} utterances of ${voices}, ${hours} hours${tested}`,
    ...named,
  ];
  const reasons = Object.entries(skipped).map(([kind, count]) => `${count} ${kind}`);
  if (reasons.length > 0) lines.push(`left out: ${reasons.join(', ')}; ${dir}/skipped.tsv says why`);
  return lines.join('\n');
}
