import type { Command } from 'commander';
import { wholeNumber } from '../options/values.js';

interface ExportFlags {
  out: string;
  perShard: number;
  json?: boolean;
}

/** `voxloop corpus export`: a corpus as tar shards, for other tools. */
export function registerExport(corpus: Command): void {
  corpus
    .command('export')
    .summary('writes a corpus as tar shards of WeSpeaker or WebDataset')
    .description(
      'Writes OUT/train and OUT/test, each with archives shards_000000000.tar, whose members are KEY.wav (16 kHz mono, 16 bits) and ' +
        'KEY.spk with the speaker, where it is known. Of a corpus whose test utterances exist in two forms, the clean one is written. ' +
        'After an interruption the same command goes on where it stopped.',
    )
    .argument('<corpus>', 'corpus folder')
    .requiredOption('--out <dir>', 'folder to make, empty or not there yet')
    .option('--per-shard <n>', 'utterances in an archive', wholeNumber(1), 1000)
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      '\nExample: voxloop corpus export corpora/mine --out shards && voxloop corpus tar --root shards/train --out again\n',
    )
    .action(exportCorpus);
}

async function exportCorpus(corpus: string, { json, ...flags }: ExportFlags): Promise<void> {
  const [{ exportTar }, { listenForInterrupt }] = await Promise.all([
    import('../../data/corpus/export-tar.js'),
    import('../../pipeline/run/interrupt.js'),
  ]);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const { signal, stop } = listenForInterrupt(log);
  try {
    const written = await exportTar({ ...flags, corpus, log, signal });
    const { dir, train, test } = written;
    const counted = ({ utterances, archives }: typeof train) =>
      `${utterances} utterances in ${archives} archive${archives === 1 ? '' : 's'}`;
    const lines = `${dir}: train ${counted(train)}${test.utterances > 0 ? `, test ${counted(test)}` : ''}`;
    process.stdout.write(`${json ? JSON.stringify(written) : lines}\n`);
  } finally {
    stop();
  }
}
