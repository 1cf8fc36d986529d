import type { Command } from 'commander';
import { wholeNumber } from '../options/model-options.js';
import { type CommonFlags, common, invalid, make, seconds } from './corpus-command.js';
import { registerOfficial } from './corpus-official.js';

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
trials/channel.txt, each utterance through a filter, band limit and noise of its own. The other commands decode into
shards/ and take the lists of the corpus. A corpus that is there already is kept, unless --force is given.
`;

/** `voxloop corpus debian|synthetic|dir|voxceleb1|...`: makes a corpus folder. */
export function register(program: Command): void {
  const corpus = program
    .command('corpus')
    .summary('make a corpus: VoxCeleb, CN-Celeb, LibriSpeech, Kaldi, tar shards, a folder, Debian, synthetic')
    .description('Makes a corpus folder, for the corpus stage of a recipe (source: ready) or for tools of your own.')
    .addHelpText('after', LAYOUT);
  debian(corpus);
  synthetic(corpus);
  dir(corpus);
  registerOfficial(corpus);
}

function debian(corpus: Command): void {
  common(corpus.command('debian'))
    .summary('recordings of real people in Debian packages')
    .description(
      "Real speech of some 45 speakers from the operating system's own packages klettres-data, ktuberling-data and " +
        'asterisk-core-sounds-*-g722, fetched with apt-get (no root needed): clips joined to 4 s utterances.',
    )
    .option('--cache <dir>', 'where downloaded packages are kept (default: the per-user cache, VOXLOOP_CACHE)')
    .action(({ out, jobs, force, cache, json }: DebianFlags) =>
      make(json, async (build) => {
        const { buildDebianCorpus } = await import('../../data/corpus/debian/debian.js');
        return buildDebianCorpus({ ...build, out, jobs, force, cache });
      }),
    );
}

function synthetic(corpus: Command): void {
  common(corpus.command('synthetic'))
    .summary('made-up voices, any number of them')
    .description('Voices of a source-filter synthesizer. Channel and content are drawn for each utterance.')
    .option('--speakers <n>', 'number of voices (default: 60)', wholeNumber(2))
    .option('--utterances <n>', 'utterances of each voice (default: 20)', wholeNumber(1))
    .option('--seconds <s>', 'length of an utterance (default: 4)', seconds)
    .option('--test-speakers <n>', 'voices kept for trials (default: 12)', wholeNumber(0))
    .option('--seed <n>', 'seed of voices, contents, channels and trials (default: 1)', wholeNumber(0))
    .action(({ json, ...flags }: SyntheticFlags) =>
      make(json, async (build) => {
        const { buildSyntheticCorpus } = await import('../../data/corpus/synthetic/synthetic.js');
        return buildSyntheticCorpus({ ...build, ...flags });
      }),
    );
}

function dir(corpus: Command): void {
  common(corpus.command('dir'))
    .summary('a folder of your own recordings')
    .description(
      'Every recording below a folder becomes an utterance. What cannot be used is left out and listed in skipped.tsv. ' +
        'The same command again goes on where it was stopped.',
    )
    .requiredOption('--root <dir>', 'the folder of recordings: WAV, FLAC, Ogg, Opus, MP3, M4A, G.722, of any rate')
    .option(
      '--speaker <part>',
      'which folder of the path below the root names the speaker, counted from 0; left out: nobody knows',
      wholeNumber(0),
    )
    .option('--ext <list>', 'extensions to look for, such as wav,flac (default: all that can be read)', extensions)
    .option('--min-seconds <s>', 'leave out recordings shorter than this', seconds, 1)
    .option(
      '--test-speakers <n>',
      'speakers kept for trials, of those with 5 utterances or more (default: a fifth of these)',
      wholeNumber(0),
    )
    .option('--seed <n>', 'seed of the split, the channels and the trials', wholeNumber(0), 1)
    .addHelpText('after', '\nExample: voxloop corpus dir --root recordings --speaker 0 --out corpora/mine\n')
    .action(({ json, speaker, ext, ...flags }: DirFlags) =>
      make(json, async (build) => {
        const { buildDirCorpus } = await import('../../data/corpus/folder/folder.js');
        return buildDirCorpus({ ...build, ...flags, speakerPart: speaker, extensions: ext });
      }),
    );
}

function extensions(list: string): string[] {
  const found = list
    .split(',')
    .map((one) => one.trim().replace(/^\./, '').toLowerCase())
    .filter(Boolean);
  if (found.length > 0) return found;
  throw invalid('must name extensions, such as wav,flac');
}
