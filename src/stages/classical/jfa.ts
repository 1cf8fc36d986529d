import { z } from 'zod';
import { fitEigenchannels, fitEigenvoices, type SpeakerRows } from '../../classical/factors/fit-speakers.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { modelResult } from '../artifacts/model-artifact.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';
import { checkRank, factorOptions, openCheckpoint, writeExtractor } from './factor-stage.js';
import { numbersOf } from './numbers-of.js';
import { openStatistics } from './statistics-artifact.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  statistics: artifact('statistics'),
  clusters: artifact('clusters')
    .optional()
    .describe('pseudo-labels that stand for speakers; default: the known speakers'),
  speakerRank: z.number().int().positive().default(100).describe('eigenvoices: size of the embedding'),
  channelRank: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('eigenchannels: factors that are left out of the embedding'),
  ...factorOptions,
});

const logLikelihoods = z.array(z.number());

/**
 * Joint factor analysis without a residual: eigenvoices from the sums of each speaker's statistics, then eigenchannels about them. The
 * embedding are the speaker factors of the posterior of both together.
 */
export default defineStage({
  name: 'jfa',
  summary:
    'Learns joint factor analysis (eigenvoices and eigenchannels) from labelled utterances; embeds speaker factors.',
  options,
  result: modelResult.extend({
    speakers: z.number(),
    /** Of a speaker, and of an utterance, in nats; as those of the stage ivector. */
    voices: logLikelihoods,
    channels: logLikelihoods,
  }),
  produces: 'model',
  check: checkLibrary,
  async run(context, { speakerRank, channelRank, iterations, minimumDivergence, ...chosen }) {
    const { dir, seed, progress, signal, log } = context;
    const { background, read } = openStatistics(chosen.statistics, context.artifact(chosen.statistics));
    const speakers = speakersOf(context, chosen);
    const rows: SpeakerRows = { ...background, speakers, read };
    checkRank('speakerRank', speakerRank, background, { rows: speakers.length, of: 'speakers', log });
    checkRank('channelRank', channelRank, background, {
      rows: speakers.reduce((sum, { length }) => sum + length, 0),
      of: 'utterances',
      log,
    });
    return withSession({ ...context, name: 'jfa' }, async (session) => {
      const settings = (part: string, rank: number) => {
        const { from, keep } = openCheckpoint(context, part, rank);
        const told = (step: number, total: number) => progress.update({ step, total, fields: { part } });
        return { iterations, minimumDivergence, seed: `${seed}/${part}`, from: from(), keep, progress: told, signal };
      };
      const voices = await fitEigenvoices(session, rows, speakerRank, settings('voices', speakerRank));
      const known = { ...voices, rank: speakerRank };
      const channels = await fitEigenchannels(session, rows, known, channelRank, settings('channels', channelRank));
      writeExtractor(dir, 'JFA', background, {
        factors: besideEachOther(voices.factors, speakerRank, channels.factors, channelRank),
        offset: channels.offset,
        rank: speakerRank + channelRank,
        kept: speakerRank,
      });
      for (const part of ['voices', 'channels']) openCheckpoint(context, part, 1).remove();
      const utterances = speakers.reduce((sum, { length }) => sum + length, 0);
      return {
        networks: ['network'],
        speakers: speakers.length,
        voices: voices.logLikelihoods.map((value) => value / speakers.length),
        channels: channels.logLikelihoods.map((value) => value / utterances),
      };
    });
  },
});

/** The utterances of each speaker or cluster. @throws UserError where speakers are not known, or none has two utterances */
function speakersOf(
  { artifact: open }: Pick<StageContext, 'artifact'>,
  { corpus: name, statistics, clusters }: { corpus: string; statistics: string; clusters?: string },
): Int32Array[] {
  const { train, trainSpeakers } = openTraining(open(name));
  if (openStatistics(statistics, open(statistics)).corpus !== digestOfUtterances(train))
    throw new UserError(
      `'${statistics}' holds the statistics of other utterances than '${name}'. Name the same corpus.`,
    );
  const labels =
    clusters === undefined ? trainSpeakers : Array.from(readLabels(open(clusters), train.ids.length), nameOf);
  const bySpeaker = numbersOf(labels);
  bySpeaker.delete('');
  const speakers = Array.from(bySpeaker.values(), (numbers) => Int32Array.from(numbers));
  if (speakers.length < 2 || speakers.every(({ length }) => length < 2))
    throw new UserError(
      `${speakers.length} speakers are known, the one with the most utterances has ${Math.max(0, ...speakers.map(({ length }) => length))}; ` +
        'two speakers and one of two utterances are needed. Give `clusters`, or learn i-vectors, which need no label.',
    );
  return speakers;
}

const nameOf = (label: number): string => (label < 0 ? '' : String(label));

/** [a | b] of two matrices of as many rows. */
function besideEachOther(a: Float32Array, columnsA: number, b: Float32Array, columnsB: number): Float32Array {
  const rows = a.length / columnsA;
  const all = new Float32Array(rows * (columnsA + columnsB));
  for (let row = 0; row < rows; row++) {
    all.set(a.subarray(row * columnsA, (row + 1) * columnsA), row * (columnsA + columnsB));
    all.set(b.subarray(row * columnsB, (row + 1) * columnsB), row * (columnsA + columnsB) + columnsA);
  }
  return all;
}
