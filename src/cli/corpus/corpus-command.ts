import type { Command } from 'commander';
import type { BuildOptions } from '../../data/corpus/build-options.js';
import type { CorpusSummary } from '../../data/corpus/corpus-folder.js';
import { wholeNumber } from '../options/model-options.js';

/** Flags that every `voxloop corpus` command takes. */
export interface CommonFlags {
  out: string;
  jobs?: number;
  force?: boolean;
  json?: boolean;
}

/** Adds the flags that every `voxloop corpus` command takes. */
export function common(command: Command): Command {
  return command
    .requiredOption('--out <dir>', 'folder to make')
    .option('--jobs <n>', 'threads (default: one a core)', wholeNumber(1))
    .option('--force', 'make the corpus anew where one is there already')
    .option('--json', 'print what was made as JSON');
}

/** Runs a build with progress on stderr, stopping it on Ctrl-C; prints what was made. */
export async function make(
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

/** A length in seconds, above 0. */
export function seconds(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw invalid(`must be a number of seconds above 0, not '${value}'`);
}

/** What commander takes for a wrong option value, without importing commander at run time. */
export function invalid(message: string): Error {
  return Object.assign(new Error(message), { code: 'commander.invalidArgument' });
}
