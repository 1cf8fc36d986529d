import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { refuseStored } from '../../data/shards/reader.js';
import { readUtterance, type ShardSet } from '../../data/shards/shards.js';
import { inOrder, openWorkerPool } from '../../data/worker-pool.js';
import type { SpeechMeasures } from '../../diarize/measure-speech.js';
import type { MeasureTask } from '../../diarize/measure-worker.js';
import { type VoiceChange, voiceChange } from '../../diarize/voice-change.js';
import { openModelExtractor } from '../../embed/extract.js';
import { withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { refuseIdle } from '../../idle-options.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { corpusResult, openTraining, openTrialLists } from '../artifacts/corpus-data.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { modelBuilder } from '../training/resolve-plugins.js';
import { decide, limits, type Reason, type Verdict } from './decide.js';
import { type Piece, writeKeptCorpus } from './kept-corpus.js';
import { noneLeft } from './none-left.js';
import { drawHours, type Stretch, stretchesOf } from './stretches.js';

const fields = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model')
    .optional()
    .describe('a trained model, which tells two speakers apart better than cepstra do'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  mostSeconds: z
    .number()
    .positive()
    .optional()
    .describe('longer utterances are cut into equal parts of at most this length'),
  hours: z.number().positive().optional().describe('takes only utterances of so many hours, drawn by the seed'),
  ...limits,
});
const options = fields.superRefine(
  refuseIdle(({ model, network, leastCosine, several, leastSeconds }) => [
    [model === undefined && network !== undefined, 'network', 'has no effect without a model'],
    [model === undefined && leastCosine !== undefined, 'leastCosine', 'has no effect without a model'],
    [several === 'keep' && model !== undefined, 'model', 'has no effect with several: keep'],
    [several !== 'split' && leastSeconds !== undefined, 'leastSeconds', `has no effect with several: ${several}`],
  ]),
);

const result = corpusResult.extend({
  /** Training utterances of the new corpus. */
  train: z.number(),
  /** Verdicts on those of the old one. */
  kept: z.number(),
  split: z.number(),
  dropped: z.number(),
  /** Utterances that were dropped or split, by reason. */
  reasons: z.record(z.string(), z.number()),
});

/** Drops or splits the training utterances that would harm training. Writes filter.jsonl, a line for each utterance (or part of a long one). */
export default defineStage({
  name: 'filter',
  summary: 'Drops or splits training utterances without speech, in noise, or with several speakers.',
  options,
  result,
  produces: 'corpus',
  async run(context, { corpus: corpusName, model, network, mostSeconds, hours, ...limits }) {
    const corpus = openTraining(context.artifact(corpusName));
    refuseStored(corpus.train);
    const drawn = hours === undefined ? undefined : drawHours(corpus.train, hours, context.seed);
    const stretches = stretchesOf(corpus.train, mostSeconds, drawn);
    const measures = await measureAll(corpus.train, stretches, context);
    const voices = model === undefined ? [] : await hearAll(corpus.train, stretches, context, model, network);
    const verdicts = measures.map((measured, i) => decide(measured, voices[i], limits));
    writeFileAtomic(
      join(context.dir, 'filter.jsonl'),
      ...verdicts.map((verdict, i) => lineOf(stretches[i].id, verdict, measures[i], voices[i])),
    );
    const pieces = verdicts.flatMap((verdict, i) => piecesOf(stretches[i], verdict));
    const reasons = countReasons(verdicts);
    if (pieces.length === 0) {
      throw new UserError(noneLeft(measures, reasons, limits, join(context.dir, 'filter.jsonl')));
    }
    const { log, signal } = context;
    const progress = (step: number, total: number) =>
      context.progress.update({ step, total, fields: { part: 'shards' } });
    const lists = openTrialLists(context.artifact(corpusName), corpus.manifest);
    await writeKeptCorpus(context.dir, { ...corpus, lists }, pieces, reasons, { log, signal, progress });
    const count = (verdict: Verdict['verdict']) => verdicts.filter((judged) => judged.verdict === verdict).length;
    const counts = { kept: count('kept'), split: count('split'), dropped: count('dropped') };
    context.log(
      `filter: ${counts.kept} of ${stretches.length} ${mostSeconds === undefined ? 'utterances' : 'stretches'} kept, ${counts.split} split, ${counts.dropped} dropped`,
    );
    return { path: null, train: pieces.length, ...counts, reasons };
  },
});

async function measureAll(
  shards: ShardSet,
  stretches: readonly Stretch[],
  { signal, progress }: StageContext,
): Promise<SpeechMeasures[]> {
  const { files, shard, offset, samples } = shards;
  const layout = { files, shard, offset, samples };
  const pool = openWorkerPool<MeasureTask, SpeechMeasures>(
    new URL('../../diarize/measure-worker.js', import.meta.url),
    Math.min(availableParallelism(), stretches.length),
  );
  const all: SpeechMeasures[] = [];
  try {
    const tasks = stretches.map(({ utterance, start, samples }) => ({ layout, index: utterance, start, samples }));
    for await (const { outcome } of inOrder(pool, tasks, signal)) {
      if (outcome.status === 'rejected') throw outcome.reason;
      all.push(outcome.value);
      progress.update({ step: all.length, total: stretches.length, fields: { part: 'speech' } });
    }
  } finally {
    await pool.close();
  }
  return all;
}

/** Changes of voice in all stretches, by the model. */
async function hearAll(
  shards: ShardSet,
  stretches: readonly Stretch[],
  context: StageContext,
  modelName: string,
  network: string | undefined,
): Promise<(VoiceChange | null)[]> {
  const model = openModelArtifact(context.artifact(modelName), network);
  return withSession({ ...context, name: 'filter' }, async (session) => {
    const extractor = await openModelExtractor(session, model, await modelBuilder(context.registry, model.info));
    const all: (VoiceChange | null)[] = [];
    for (const { utterance, start, samples } of stretches) {
      all.push(await voiceChange(readUtterance(shards, utterance, start, samples), extractor));
      context.progress.update({ step: all.length, total: stretches.length, fields: { part: 'voices' } });
      context.signal.throwIfAborted();
    }
    return all;
  });
}

/** A stretch that is kept whole keeps its id; parts are numbered. */
function piecesOf({ id, utterance, start }: Stretch, { verdict, parts }: Verdict): Piece[] {
  return parts.map(([from, to], i) => ({
    id: verdict === 'kept' ? id : `${id}.${i + 1}`,
    utterance,
    start: start + Math.round(from * SAMPLE_RATE_HZ),
    end: start + Math.round(to * SAMPLE_RATE_HZ),
  }));
}

function lineOf(id: string, verdict: Verdict, measures: SpeechMeasures, voice: VoiceChange | null | undefined): string {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
  return `${JSON.stringify({ id, ...verdict, ...measures, voice: voice ?? null }, rounded)}\n`;
}

function countReasons(verdicts: readonly Verdict[]): Partial<Record<Reason, number>> {
  const counts: Partial<Record<Reason, number>> = {};
  for (const reason of verdicts.flatMap(({ reasons }) => reasons)) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
