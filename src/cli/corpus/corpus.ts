import type { Command } from 'commander';
import { commaSeparated, invalid, seconds, wholeNumber } from '../options/values.js';
import { addCommonFlags, type CommonFlags, runBuild } from './build-command.js';
import { registerExport } from './export.js';
import { registerFolders } from './folders.js';
import { registerListed } from './listed.js';
import { registerOfficial } from './official.js';

type DebianFlags = CommonFlags & { cache?: string };

type SyntheticFlags = CommonFlags & {
  speakers?: number;
  utterances?: number;
  seconds?: number;
  seed?: number;
  testSpeakers?: number;
};

type DirFlags = CommonFlags & {
  root: string;
  speaker?: number;
  ext?: string[];
  minSeconds?: number;
  testSpeakers?: number;
  seed?: number;
};

const LAYOUT = `
The folder holds manifest.tsv and, from debian, synthetic and dir, the audio as 16 kHz mono WAV and, where speakers are known,
a test split by speaker with balanced trials in two forms of the same utterances: trials/clean.txt, and
trials/channel.txt, where each utterance passes its own filter, band limit and noise. The other commands decode into
shards/ and take the trial lists of the corpus. A corpus that exists already is kept, unless --force is given.
`;

/** `voxloop corpus debian|synthetic|dir|voxceleb1|...`: builds a corpus folder. */
export function register(program: Command): void {
  const corpus = program
    .command('corpus')
    .summary(
      'build a corpus: VoxCeleb, CN-Celeb, LibriSpeech, Kaldi, NeMo, Lhotse, Parquet, tar shards, a folder, Debian, synthetic; or export one',
    )
    .description('Builds a corpus folder for the corpus stage of a recipe (source: ready), or for your own tools.')
    .addHelpText('after', LAYOUT);
  debian(corpus);
  synthetic(corpus);
  dir(corpus);
  registerOfficial(corpus);
  registerListed(corpus);
  registerFolders(corpus);
  registerExport(corpus);
}

function debian(corpus: Command): void {
  addCommonFlags(corpus.command('debian'))
    .summary('recordings of real people in Debian packages')
    .description(
      'Real speech of some 45 speakers from the Debian packages klettres-data, ktuberling-data and asterisk-core-sounds-*-g722, ' +
        'fetched with apt-get (no root needed): clips joined to 4 s utterances.',
    )
    .option('--cache <dir>', 'folder for downloaded packages (default: the per-user cache, VOXLOOP_CACHE)')
    .action(({ out, jobs, force, cache, json }: DebianFlags) =>
      runBuild(json, async (build) => {
        const { buildDebianCorpus } = await import('../../data/corpus/debian/debian.js');
        return buildDebianCorpus({ ...build, out, jobs, force, cache });
      }),
    );
}

function synthetic(corpus: Command): void {
  addCommonFlags(corpus.command('synthetic'))
    .summary('any number of synthetic voices')
    .description('Voices of a source-filter synthesizer, with a random channel and content for each utterance.')
    .option('--speakers <n>', 'number of voices (default: 60)', wholeNumber(2))
    .option('--utterances <n>', 'utterances of each voice (default: 20)', wholeNumber(1))
    .option('--seconds <s>', 'length of an utterance (default: 4)', seconds)
    .option('--test-speakers <n>', 'voices reserved for trials (default: 12)', wholeNumber(0))
    .option('--seed <n>', 'seed of voices, content, channels and trials (default: 1)', wholeNumber(0))
    .action(({ json, ...flags }: SyntheticFlags) =>
      runBuild(json, async (build) => {
        const { buildSyntheticCorpus } = await import('../../data/corpus/synthetic/synthetic.js');
        return buildSyntheticCorpus({ ...build, ...flags });
      }),
    );
}

function dir(corpus: Command): void {
  addCommonFlags(corpus.command('dir'))
    .summary('a folder of your own recordings')
    .description(
      'Every recording below a folder becomes an utterance. Recordings that cannot be used are left out and listed in ' +
        'skipped.tsv. After an interruption the same command goes on where it stopped.',
    )
    .requiredOption(
      '--root <dir>',
      'folder of recordings at any rate: WAV, AIFF, SPHERE, FLAC, Ogg, Opus, MP3, M4A, G.722',
    )
    .option(
      '--speaker <part>',
      'which folder of the path below the root names the speaker, counted from 0 (default: speakers unknown)',
      wholeNumber(0),
    )
    .option('--ext <list>', 'extensions to look for, such as wav,flac (default: all readable formats)', extensions)
    .option('--min-seconds <s>', 'leave out recordings shorter than this', seconds, 1)
    .option(
      '--test-speakers <n>',
      'speakers reserved for trials, of those with at least 5 utterances (default: a fifth of these)',
      wholeNumber(0),
    )
    .option('--seed <n>', 'seed of the split, the channels and the trials', wholeNumber(0), 1)
    .addHelpText('after', '\nExample: voxloop corpus dir --root recordings --speaker 0 --out corpora/mine\n')
    .action(({ json, speaker, ext, ...flags }: DirFlags) =>
      runBuild(json, async (build) => {
        const { buildDirCorpus } = await import('../../data/corpus/folder/folder.js');
        return buildDirCorpus({ ...build, ...flags, speakerPart: speaker, extensions: ext });
      }),
    );
}

function extensions(list: string): string[] {
  const names = commaSeparated(list).map((name) => name.replace(/^\./, '').toLowerCase());
  if (names.length > 0) return names;
  throw invalid('extensions separated by commas, such as wav,flac');
}
