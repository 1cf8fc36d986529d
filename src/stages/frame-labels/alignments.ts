import { existsSync } from 'node:fs';
import { sourceStamp } from '../../data/corpus/source-stamp.js';
import { type AlignedPhone, frameClasses, misfit, readAlignment } from '../../data/frame-labels/alignment-file.js';
import { writeFrameLabels } from '../../data/frame-labels/frame-labels.js';
import { UserError } from '../../errors.js';
import { declareInputs } from '../../io/inputs.js';
import { readLines } from '../../io/lines.js';
import { defineStage } from '../../plugin/define.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { StageContext } from '../../plugin/stage.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { openTraining, type TrainingData } from '../artifacts/corpus-data.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';
import { type AlignmentOptions, alignmentOptions, refuseClassNumber } from './alignment-options.js';
import { FRAME_LABELS, frameLabelsResult } from './frame-labels-artifact.js';
import { labelByPosteriors } from './posteriors.js';

/** Labels the frames of the training utterances with phones, from an alignment or from a frame classifier's posteriors. */
export default defineStage({
  name: 'alignments',
  summary: 'Labels frames with phones, from alignments (CTM, Kaldi) or the posteriors of a frame classifier.',
  options: alignmentOptions,
  result: frameLabelsResult,
  produces: FRAME_LABELS,
  sources: (chosen) => sourceStamp(filesOf(chosen)),
  check: (_, chosen) =>
    faultsWhere([
      [
        (chosen.file === undefined) === (chosen.posteriors === undefined),
        () => 'file, posteriors: give one of them: an alignment, or the posteriors of a frame classifier.',
      ],
    ]).concat(
      filesOf(chosen)
        .filter((path) => !existsSync(path))
        .map((path) => `${path} does not exist. Check the path.`),
    ),
  async run(context, chosen) {
    const corpus = openTraining(context.artifact(chosen.corpus));
    declareInputs(filesOf(chosen));
    return chosen.file === undefined
      ? labelByPosteriors(context, corpus, chosen, knownPhones(chosen))
      : labelByFile(context, corpus, chosen);
  },
});

const filesOf = ({ file, posteriors, phones }: AlignmentOptions): string[] =>
  [file, posteriors, phones].filter((path) => path !== undefined);

/** The phones of the list; undefined where there is no list. */
function knownPhones({ phones, wordPositions }: AlignmentOptions): string[] | undefined {
  if (phones === undefined) return undefined;
  const names = [...readLines(phones)].map((line) => line.trim().split(/\s+/)[0]).filter(Boolean);
  const distinct = [...new Set(names.map((name) => plain(name, wordPositions)))];
  if (distinct.length < 2) throw new UserError(`${phones} lists ${distinct.length} phones; there must be two or more.`);
  return distinct;
}

const plain = (phone: string, positions: AlignmentOptions['wordPositions']): string =>
  positions === 'drop' ? phone.replace(/_[BIES]$/, '') : phone;

async function labelByFile({ dir, log }: StageContext, corpus: TrainingData, chosen: AlignmentOptions) {
  const { shiftMs } = chosen;
  const { train } = corpus;
  const known = knownPhones(chosen);
  const byUtterance = gather(corpus, chosen, known, log);
  const names = known ?? [...new Set([...byUtterance.values()].flat().map(({ phone }) => phone))].sort();
  refuseClassNumber(names.length, chosen);
  const classes = new Map(names.map((name, i) => [name, i]));
  const counts = { frames: 0, labelled: 0 };
  const labels = train.ids.map((id, i) => {
    const seconds = train.samples[i] / SAMPLE_RATE_HZ;
    const phones = (byUtterance.get(id) ?? []).sort((a, b) => a.start - b.start);
    const fault = misfit(phones, seconds, chosen.slackSeconds);
    if (fault)
      throw new UserError(
        `${chosen.file}: ${fault}. Align the corpus' own recordings (a longer one by raising slackSeconds), or take the utterance out of ` +
          'the file.',
      );
    // From whole numbers: 2.01 s times 1000 is a little less than 2010 ms.
    const frames = Math.floor((1000 * train.samples[i]) / SAMPLE_RATE_HZ / shiftMs);
    const row = frameClasses(phones, classes, { frames, shiftMs });
    counts.frames += frames;
    counts.labelled += row.reduce((sum, label) => sum + (label < 0 ? 0 : 1), 0);
    return row;
  });
  const without = train.ids.filter((id) => !byUtterance.has(id)).length;
  if (counts.labelled === 0)
    throw new UserError(
      `${chosen.file} labels no frame of the ${train.ids.length} training utterances. Name them as the corpus does, such as '${train.ids[0]}'.`,
    );
  const labelling = { kind: 'class' as const, names, shiftMs, offsetMs: 0 };
  await writeFrameLabels(dir, labelling, labels);
  const labelled = counts.labelled / Math.max(1, counts.frames);
  log(
    `${names.length} phones; ${(100 * labelled).toFixed(1)} % of the frames labelled` +
      (without > 0 ? `; ${without} of ${train.ids.length} utterances are not in the alignment` : ''),
  );
  return { ...labelling, utterances: train.ids.length, corpus: digestOfUtterances(train), labelled };
}

/** The phones of each training utterance. @throws UserError for utterances and phones that are not known, unless they are left out */
function gather(
  { manifest, train, dir }: TrainingData,
  { file, wordPositions, strays }: AlignmentOptions,
  known: readonly string[] | undefined,
  log: (line: string) => void,
): Map<string, AlignedPhone[]> {
  const trained = new Set(train.ids);
  const inCorpus = new Set(manifest.utterances.map(({ id }) => id));
  const phoneSet = known && new Set(known);
  const byUtterance = new Map<string, AlignedPhone[]>();
  const unknown = { utterances: new Set<string>(), phones: new Set<string>() };
  for (const line of readAlignment(file!)) {
    const phone = plain(line.phone, wordPositions);
    if (!inCorpus.has(line.utterance) && !trained.has(line.utterance)) unknown.utterances.add(line.utterance);
    else if (phoneSet && !phoneSet.has(phone)) unknown.phones.add(phone);
    else if (trained.has(line.utterance)) {
      const list = byUtterance.get(line.utterance) ?? [];
      byUtterance.set(line.utterance, list);
      list.push({ ...line, phone });
    }
  }
  const faults = [
    ...some('utterances', unknown.utterances, `the corpus ${dir}, whose names are like '${train.ids[0]}'`),
    ...some('phones', unknown.phones, 'the list of phones'),
  ];
  if (faults.length > 0 && strays === 'refuse')
    throw new UserError(`${file}: ${faults.join('; ')}. Correct the names, or give strays: leave-out.`);
  for (const fault of faults) log(`left out: ${fault}`);
  return byUtterance;
}

/** A sentence on names that are not known; none where all are. */
function some(what: string, names: ReadonlySet<string>, where: string): string[] {
  if (names.size === 0) return [];
  const shown = [...names].slice(0, 3).map((name) => `'${name}'`);
  return [`${names.size} ${what} are not in ${where}: ${shown.join(', ')}${names.size > shown.length ? ', ...' : ''}`];
}
