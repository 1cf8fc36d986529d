import type { Command } from 'commander';
import { type CommonFlags, runBuild } from './build-command.js';
import { shardedCommand } from './sharded-command.js';

type OfficialFlags = CommonFlags & {
  root: string;
  testRoot?: string;
  second?: string;
  trials?: string[];
  enrolments?: string;
  allowPipes?: boolean;
  minSeconds?: number;
};

/** `voxloop corpus voxceleb1|voxceleb2|cnceleb|librispeech|kaldi|tar`: corpora in their published layouts, decoded into shards. */
export function registerOfficial(corpus: Command): void {
  voxceleb(corpus, 1);
  voxceleb(corpus, 2);
  cnceleb(corpus);
  librispeech(corpus);
  kaldi(corpus);
  tar(corpus);
}

function voxceleb(corpus: Command, edition: 1 | 2): void {
  const command = shardedCommand(corpus, `voxceleb${edition}`)
    .summary(`VoxCeleb${edition} in its official layout`)
    .requiredOption(
      '--root <dir>',
      `folder of VoxCeleb${edition}: id.../VIDEO/UTTERANCE.${edition === 1 ? 'wav' : 'm4a'} or wav, at any depth`,
    );
  if (edition === 1)
    command.description(
      'Trains on VoxCeleb1 dev and tests on the speakers that the trial lists name. veri_test2.txt (list O, cleaned) is used if it ' +
        'lies beside the recordings.',
    );
  else
    command.description(
      "Trains on VoxCeleb2 dev; the trial lists O, E and H are VoxCeleb1's, from --test-root. m4a is decoded by ffmpeg or by " +
        '@audio/decode-aac if that package is installed.',
    );
  command
    .option('--test-root <dir>', `folder of VoxCeleb1 for the trial lists${edition === 1 ? ' (default: --root)' : ''}`)
    .option(
      '--trials <file...>',
      'trial lists: veri_test.txt, veri_test2.txt, list_test_all2.txt, list_test_hard2.txt or your own',
    )
    .action(({ json, ...flags }: OfficialFlags) =>
      runBuild(json, async (build) => {
        const { buildVoxCeleb } = await import('../../data/corpus/official/voxceleb.js');
        return buildVoxCeleb({ ...build, ...flags, edition });
      }),
    );
}

function cnceleb(corpus: Command): void {
  shardedCommand(corpus, 'cnceleb')
    .summary('CN-Celeb in its official layout')
    .description(
      'Trains on data/ of the speakers in dev/dev.lst. Two lists: cnc-concat with the recordings of eval/enroll, and cnc-mean, whose ' +
        'models are the mean of the recordings that eval/lists/enroll.map names.',
    )
    .requiredOption('--root <dir>', 'folder of CN-Celeb: data, dev, eval')
    .option('--second <dir>', 'folder of CN-Celeb2, all used for training')
    .action(({ json, ...flags }: OfficialFlags) =>
      runBuild(json, async (build) => {
        const { buildCnCeleb } = await import('../../data/corpus/official/cnceleb.js');
        return buildCnCeleb({ ...build, ...flags });
      }),
    );
}

function librispeech(corpus: Command): void {
  shardedCommand(corpus, 'librispeech')
    .summary('LibriSpeech in its official layout')
    .description('Trains on the train subsets; trials are drawn among the speakers of the dev and test subsets.')
    .requiredOption('--root <dir>', 'folder of the subsets: train-clean-100, test-clean, SPEAKERS.TXT')
    .action(({ json, ...flags }: OfficialFlags) =>
      runBuild(json, async (build) => {
        const { buildLibriSpeech } = await import('../../data/corpus/official/librispeech.js');
        return buildLibriSpeech({ ...build, ...flags });
      }),
    );
}

function kaldi(corpus: Command): void {
  shardedCommand(corpus, 'kaldi')
    .summary('Kaldi data folders')
    .description(
      'Reads utterances from wav.scp or segments, or stored features from feats.scp, with utt2spk, spk2gender and utt2lang if present.',
    )
    .requiredOption('--root <dir>', 'data folder to train on')
    .option('--test-root <dir>', 'data folder of the test utterances (default: --root)')
    .option('--trials <file...>', 'trial lists of utterance names')
    .option('--enrolments <file>', 'lines MODEL UTTERANCE UTTERANCE ...: a model is the mean of its utterances')
    .option('--allow-pipes', 'run the commands in wav.scp; read them first: they can do anything')
    .option(
      '--features [option=value...]',
      'take the features of feats.scp instead of recordings; they were computed with these options (bins=40), else the usual ones',
    )
    .action(({ json, features, ...flags }: OfficialFlags & { features?: true | string[] }) =>
      runBuild(json, async (build) => {
        const { buildKaldiCorpus } = await import('../../data/corpus/kaldi/kaldi.js');
        return buildKaldiCorpus({ ...build, ...flags, features: features && (await definitionOf(features)) });
      }),
    );
}

/** The definition of stored features from `--features bins=40 window=povey`. @throws UserError for other options */
async function definitionOf(settings: true | readonly string[]) {
  const [{ featureDefinition }, { keyValues }, { UserError }] = await Promise.all([
    import('../../audio/features/feature-definition.js'),
    import('../options/key-values.js'),
    import('../../errors.js'),
  ]);
  const parsed = featureDefinition.safeParse(settings === true ? {} : keyValues(settings, '--features'));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new UserError(`--features: ${[...path, message].join(': ')}`);
}

function tar(corpus: Command): void {
  shardedCommand(corpus, 'tar')
    .summary('tar shards of WeSpeaker or WebDataset')
    .description('Reads members KEY.wav (or another format) and KEY.spk with the speaker. Nothing is unpacked.')
    .requiredOption('--root <path>', 'folder of .tar files, or a file that lists them')
    .action(({ json, ...flags }: OfficialFlags) =>
      runBuild(json, async (build) => {
        const { buildTarCorpus } = await import('../../data/corpus/tar-shards.js');
        return buildTarCorpus({ ...build, ...flags });
      }),
    );
}
