import type { Command } from 'commander';
import type { Trial } from '../../data/trials.js';
import { userError } from '../../errors.js';
import { declareInputs, refuseInput } from '../../io/inputs.js';
import { addModelOptions, type ModelOptions } from '../options/model-options.js';
import { outputOption } from '../options/output-files.js';
import { choice, wholeNumber } from '../options/values.js';
import type { BackendOptions } from './score-backend.js';

interface ScoreOptions extends ModelOptions, BackendOptions {
  trials: string;
  root: string;
  enrollModel?: string;
  enrolments?: string;
  out?: string;
  json?: boolean;
}

/** `voxloop score`: scores a trial list. */
export function register(program: Command): void {
  const command = program
    .command('score')
    .summary('score a trial list and print its error rates')
    .description(
      "Scores a trial list: VoxCeleb's `1|0 a b`, Kaldi's `a b target|nontarget`, or `a b` without answers. Each utterance is embedded once. The score is " +
        'the cosine with the mean embedding of the training data subtracted, or that of a back-end: a whole one from the backend ' +
        'stage of a recipe (--backend), or the parts that the options name.',
    )
    .requiredOption('--trials <file>', 'trial list')
    .requiredOption('--root <dir>', 'folder that relative paths of the list start at')
    .option('--enrolments <file>', 'enrolment models of several utterances: lines `model path path ...`')
    .option(
      '--enroll-model <dir>',
      'model that embeds the enrolments, in one space with --model, which embeds the tests: the teacher of a student that learned its embeddings',
    )
    .addOption(
      outputOption(program, '--out <file>', 'write lines `score 1|0 a b`; `score a b` for a list without answers'),
    )
    .option('--raw', 'do not subtract the mean')
    .option(
      '--mean <file>',
      '.npy of a mean embedding, or of embeddings to average, to subtract instead of the training mean',
    )
    .option('--backend <dir>', 'folder of a backend stage; other back-end options replace its parts')
    .option(
      '--plda <file>',
      "PLDA to score with instead of the cosine: Kaldi's (binary or text), length-normalised as Kaldi does",
    )
    .addOption(choice(program, '--norm <kind>', 'score normalisation', ['as-norm', 's-norm']))
    .option('--cohort <file>', '.npy of embeddings of other speakers, one mean embedding each, for --norm')
    .option(
      '--no-cohort',
      'refuse back-ends that use speakers other than the two of a trial, as one-to-one rules demand',
    )
    .option('--top <n>', 'best-scoring cohort speakers that as-norm uses (default: 300)', wholeNumber(2))
    .option(
      '--calibration <file>',
      'score-calibration.json of a backend stage: turns scores into log-likelihood ratios',
    )
    .option(
      '--json',
      'print {scoring, trials, targets, eer, minDcf}, and cllr where scores are calibrated; null without answers',
    );
  addModelOptions(command).action(score);
}

async function score(options: ScoreOptions): Promise<void> {
  const listed = await listToScore(options);
  const { list } = listed;
  const { trials } = list;
  const { writeScores } = await import('../../eval/score-files/scores-file.js');
  const [scoring, scores] =
    options.enrollModel === undefined
      ? await scoresOf(listed, options)
      : await scoresOfTwo(listed, options.enrollModel, options);
  if (options.out) writeScores(options.out, scores, trials);
  if (list.isBlind) {
    const none = { scoring, trials: trials.length, targets: null, eer: null, minDcf: null };
    const text = `${trials.length} trials without answers: scored, no error rates`;
    process.stdout.write(`${options.json ? JSON.stringify(none) : text}\n`);
    return;
  }
  process.stdout.write(`${await rates(scoring, scores, list.trials, options)}\n`);
}

type Listed = Awaited<ReturnType<typeof listToScore>>;
type Scored = [scoring: string, scores: Float32Array];

async function scoresOf({ list: { trials }, enrolments, recordings }: Listed, options: ScoreOptions): Promise<Scored> {
  const [{ withModel }, { chosenBackend }, { embedList }, { scoresByPart, scoreWithBackend }] = await Promise.all([
    import('../options/with-model.js'),
    import('./score-backend.js'),
    import('./score-asymmetric.js'),
    import('../../eval/backend/scoring-backend.js'),
  ]);
  return withModel(options.model, options, async (extractor, model) => {
    const backend = chosenBackend(options, model);
    const embedded = await embedList(recordings, extractor);
    return scoresByPart(backend, scoreWithBackend(backend, { trials, enrolments, ...embedded })).at(-1)!;
  });
}

/** The scores of trials whose enrolments one model embeds and whose tests the other. */
async function scoresOfTwo(
  { list: { trials }, enrolments, recordings }: Listed,
  enrollModel: string,
  options: ScoreOptions,
): Promise<Scored> {
  const { scoreWithTwo } = await import('./score-asymmetric.js');
  return ['cosine', await scoreWithTwo({ trials, enrolments, recordings }, { ...options, enrollModel })];
}

/** The error rates of scores, as text or JSON. */
async function rates(
  scoring: string,
  scores: Float32Array,
  trials: readonly Trial[],
  { json }: ScoreOptions,
): Promise<string> {
  const { evaluateScores } = await import('../../eval/detection/evaluate.js');
  const { eer, minDcf, targets } = evaluateScores(scores, trials);
  const cost = scoring === 'calibrated' ? { cllr: await cllrOf(scores, trials) } : {};
  const metrics = { scoring, trials: trials.length, targets, eer, minDcf, ...cost };
  const calibrated = 'cllr' in cost ? `, Cllr ${cost.cllr!.toFixed(3)}` : '';
  const text = `EER ${(100 * eer).toFixed(2)} %, minDCF ${minDcf['0.01'].toFixed(3)} (p 0.01), ${minDcf['0.05'].toFixed(3)} (p 0.05)`;
  return json ? JSON.stringify(metrics) : `${trials.length} trials: ${text}${calibrated}`;
}

/** The trials and the recordings they need. @throws UserError for missing recordings, and answers of one kind only */
async function listToScore({ trials: file, enrolments: enrolmentFile, root, out }: ScoreOptions) {
  const [{ readTrialList, trialUtterances, checkUtterances }, { existsSync }, { fileOfSound, pathBelow }] =
    await Promise.all([import('../../data/trials.js'), import('node:fs'), import('../../io/archive-place.js')]);
  const { readEnrolments } = await import('../../data/corpus/trial-lists.js');
  const list = readTrialList(file);
  if (list.isBlind && out === undefined)
    userError(`${file} has no answers, so there are no error rates to print. Name a file for the scores with --out.`);
  const enrolments = enrolmentFile === undefined ? undefined : readEnrolments(enrolmentFile);
  const enrolled = [...(enrolments?.values() ?? [])].flat();
  const tested = trialUtterances(list.trials).filter((name) => !enrolments?.has(name));
  const isThere = (name: string) => existsSync(fileOfSound(pathBelow(root, name)));
  checkUtterances(tested, isThere, file);
  checkUtterances(enrolled, isThere, enrolmentFile);
  if (!list.isBlind) await checkAnswers(list.trials, file);
  const recordings = [...new Set([...tested, ...enrolled])].map((name) => ({ name, path: pathBelow(root, name) }));
  declareInputs(function* () {
    for (const { path } of recordings) yield fileOfSound(path);
  });
  if (out !== undefined) refuseInput(out);
  return { list, enrolments, recordings };
}

async function checkAnswers(trials: readonly Trial[], file: string): Promise<void> {
  const { checkBothKinds, repeatedTrials } = await import('../../data/trials.js');
  checkBothKinds(trials, file);
  const repeated = repeatedTrials(trials, file);
  if (repeated > 0)
    process.stderr.write(`Warning: ${repeated} of ${trials.length} trials of ${file} are repeated; they are kept.\n`);
}

async function cllrOf(scores: Float32Array, trials: readonly { target: boolean }[]): Promise<number> {
  const [{ cllr }, { sortScores }] = await Promise.all([
    import('../../eval/detection/cllr.js'),
    import('../../eval/detection/sorted-scores.js'),
  ]);
  return cllr(
    sortScores(
      scores,
      trials.map(({ target }) => target),
    ),
  );
}
