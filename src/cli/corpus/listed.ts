import type { Command } from 'commander';
import { type CommonFlags, runBuild } from './build-command.js';
import { shardedCommand } from './sharded-command.js';

type ListedFlags = CommonFlags & {
  root: string;
  testRoot?: string;
  trials?: string[];
  enrolments?: string;
  speakerField?: string;
  audioField?: string;
  minSeconds?: number;
};

/** `voxloop corpus nemo|lhotse|parquet`: corpora that the lists of other toolkits describe. */
export function registerListed(corpus: Command): void {
  nemo(corpus);
  lhotse(corpus);
  parquet(corpus);
}

/** A command for lists of utterances, whose `--root` is `what`. */
const listedCommand = (corpus: Command, name: string, what: string): Command =>
  shardedCommand(corpus, name)
    .requiredOption('--root <path>', what)
    .option('--test-root <path>', 'the same with the test utterances (default: --root)')
    .option('--trials <file...>', 'trial lists of utterance names')
    .option('--enrolments <file>', 'lines MODEL UTTERANCE UTTERANCE ...: a model is the mean of its utterances');

function nemo(corpus: Command): void {
  listedCommand(corpus, 'nemo', 'manifest of JSON lines, .json or .jsonl, packed (.gz) or not')
    .summary('manifests of NVIDIA NeMo')
    .description(
      'Reads a line for each utterance: audio_filepath, and where they are there offset and duration in seconds, speaker, lang, gender. ' +
        'Relative paths start at the current folder or beside the manifest. Utterances are named by their path, with #t=FROM,TO behind it ' +
        'where their offset is not 0.',
    )
    .option('--speaker-field <name>', 'field of the speaker (default: the first of speaker, speaker_id, label)')
    .action(({ json, ...flags }: ListedFlags) =>
      runBuild(json, async (build) => {
        const { buildNemoCorpus } = await import('../../data/corpus/listed/nemo.js');
        return buildNemoCorpus({ ...build, ...flags });
      }),
    );
}

function lhotse(corpus: Command): void {
  listedCommand(corpus, 'lhotse', 'file of cuts or supervisions, .jsonl or .jsonl.gz, or the folder that holds one')
    .summary('manifests of Lhotse')
    .description(
      'Reads cuts, or supervisions with the file of recordings beside them (its name has recordings in the place of supervisions). ' +
        'Every supervision is an utterance, with its channel, start, duration and speaker; a cut without any is one of an unknown speaker.',
    )
    .action(({ json, ...flags }: ListedFlags) =>
      runBuild(json, async (build) => {
        const { buildLhotseCorpus } = await import('../../data/corpus/listed/lhotse.js');
        return buildLhotseCorpus({ ...build, ...flags });
      }),
    );
}

function parquet(corpus: Command): void {
  listedCommand(corpus, 'parquet', '.parquet file, or a folder of them')
    .summary('Parquet files with audio in them, as on Hugging Face')
    .description(
      'Reads rows whose column audio is {bytes, path}, or bytes, with speaker, language and gender where there are such columns. ' +
        'Utterances are named by id, utterance_id, file or path, or else FILE#ROW. Needs the package hyparquet (npm install hyparquet).',
    )
    .option('--audio-field <name>', 'column of the audio (default: audio, or the only one with bytes in it)')
    .option('--speaker-field <name>', 'column of the speaker (default: the first of speaker, speaker_id, client_id)')
    .action(({ json, ...flags }: ListedFlags) =>
      runBuild(json, async (build) => {
        const { buildParquetCorpus } = await import('../../data/corpus/parquet/parquet.js');
        return buildParquetCorpus({ ...build, ...flags });
      }),
    );
}
