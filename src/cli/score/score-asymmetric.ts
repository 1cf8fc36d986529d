import type { BlindTrial } from '../../data/trials.js';
import type { DescribedModel } from '../../embed/described-model.js';
import type { Extractor } from '../../embed/extractor.js';
import { UserError, userError } from '../../errors.js';
import { scoreTrials } from '../../eval/cosine-scoring.js';
import { checkSameSpace } from '../../eval/model-identity.js';
import type { ModelOptions } from '../options/model-options.js';
import type { BackendOptions } from './score-backend.js';

/** A recording and what a list calls it. */
export interface ListedRecording {
  name: string;
  path: string;
}

/** What a model made of the recordings of a list, by their names. */
export interface EmbeddedList {
  embeddings: Map<string, Float32Array>;
  seconds: Map<string, number>;
}

/** Embeds recordings. @throws UserError for one that cannot be used */
export async function embedList(recordings: readonly ListedRecording[], extractor: Extractor): Promise<EmbeddedList> {
  const { embedRecordings } = await import('../../embed/embed-recordings.js');
  const [embeddings, seconds] = [new Map<string, Float32Array>(), new Map<string, number>()];
  for await (const outcome of embedRecordings(recordings, extractor)) {
    if ('reason' in outcome) throw userError(outcome.reason);
    embeddings.set(outcome.recording.name, outcome.parts[0].vector);
    seconds.set(outcome.recording.name, outcome.seconds);
  }
  return { embeddings, seconds };
}

/** A list whose sides two models embed. */
export interface AsymmetricList {
  trials: readonly BlindTrial[];
  enrolments?: ReadonlyMap<string, readonly string[]>;
  recordings: readonly ListedRecording[];
}

/** A model that embedded one side. */
export interface Side {
  model: Pick<DescribedModel, 'info' | 'mean' | 'space'>;
  embeddings: EmbeddedList['embeddings'];
}

/** The recordings of each side; one that stands on both is embedded by both models. */
export function sidesOf({ trials, enrolments, recordings }: AsymmetricList) {
  const enrolled = new Set(trials.flatMap(({ enrolment }) => enrolments?.get(enrolment) ?? [enrolment]));
  const tested = new Set(trials.map(({ test }) => test));
  const of = (names: ReadonlySet<string>) => recordings.filter(({ name }) => names.has(name));
  return { enrolled: of(enrolled), tested: of(tested) };
}

/** The cosines of trials whose enrolments `enrollModel` embeds and whose tests `model`. @throws UserError as checkSides // [trials] */
export async function scoreWithTwo(
  { trials, enrolments, recordings }: AsymmetricList,
  options: ModelOptions & BackendOptions & { enrollModel: string },
): Promise<Float32Array> {
  const [{ withModel }, { describeModel }, { packagedModel }] = await Promise.all([
    import('../options/with-model.js'),
    import('../../tools/describe-model.js'),
    import('../../embed/packaged-model.js'),
  ]);
  const { enrollModel, model: testModel, raw } = options;
  checkSides(describeModel(enrollModel), describeModel(testModel ?? packagedModel()), options);
  const sides = sidesOf({ trials, enrolments, recordings });
  const embed = (path: string | undefined, side: readonly ListedRecording[]) =>
    withModel(path, options, async (extractor, model) => ({ model, ...(await embedList(side, extractor)) }));
  const enrolled = await embed(enrollModel, sides.enrolled);
  const tested = await embed(testModel, sides.tested);
  return scoreSides({ trials, enrolments }, { enrolled, tested, raw });
}

/** Cosines between enrolments of one model and tests of another, each side with its own mean subtracted. // [trials] */
export function scoreSides(
  { trials, enrolments }: Pick<AsymmetricList, 'trials' | 'enrolments'>,
  { enrolled, tested, raw = false }: { enrolled: Side; tested: Side; raw?: boolean },
): Float32Array {
  const meanOf = ({ model }: Side) => (raw || !model.mean ? undefined : model.mean);
  return scoreTrials(tested.embeddings, trials, {
    enrolments,
    mean: meanOf(tested),
    enrolled: { embeddings: enrolled.embeddings, mean: meanOf(enrolled) },
  });
}

/** @throws UserError for models of different spaces, one of which alone knows its mean, and for parts of a back-end */
export function checkSides(
  enrolling: Side['model'],
  testing: Side['model'],
  { raw, ...options }: BackendOptions & { enrollModel?: string },
): void {
  const names = ['mean', 'backend', 'plda', 'norm', 'top', 'calibration', 'cohort'] as const;
  const part = names.find((name) => typeof options[name] === 'string' || typeof options[name] === 'number');
  if (part)
    throw new UserError(
      `--${part} is of one model, and --enroll-model names a second one: their embeddings are compared by cosine. Leave one of both out.`,
    );
  checkSameSpace(
    `--enroll-model ${options.enrollModel}`,
    enrolling.space(),
    testing.space(),
    'Take the network whose embeddings the other one learned.',
  );
  if (!raw && (enrolling.mean === null) !== (testing.mean === null))
    throw new UserError(
      'Only one of both models knows the mean of its training embeddings. Take both from embed stages (RUN/stages/<name>/model), or give --raw.',
    );
}
