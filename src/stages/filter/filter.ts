import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
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
import { decide, limits, type Verdict } from './decide.js';
import { type Piece, writeKeptCorpus } from './kept-corpus.js';

const fields = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model')
    .optional()
    .describe('a trained model, which tells two speakers apart better than cepstra do'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  ...limits,
});
const options = fields.superRefine(
  refuseIdle(({ model, network, leastCosine, several, leastSeconds }) => [
    [model === undefined && network !== undefined, 'network', 'has no effect without a model'],
    [model === undefined && leastCosine !== undefined, 'leastCosine', 'has no effect without a model'],
    [several === 'drop' && leastSeconds !== undefined, 'leastSeconds', 'has no effect with several: drop'],
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

/** Drops or splits the training utterances that would harm training. Writes filter.jsonl, a line for each utterance. */
export default defineStage({
  name: 'filter',
  summary: 'Drops or splits training utterances without speech, in noise, or with several speakers.',
  options,
  result,
  produces: 'corpus',
  async run(context, { corpus: corpusName, model, network, ...limits }) {
    const corpus = openTraining(context.artifact(corpusName));
    const { ids } = corpus.train;
    const measures = await measureAll(corpus.train, context);
    const voices = model === undefined ? [] : await hearAll(corpus.train, context, model, network);
    const verdicts = measures.map((measured, i) => decide(measured, voices[i], limits));
    writeFileAtomic(
      join(context.dir, 'filter.jsonl'),
      ...verdicts.map((verdict, i) => lineOf(ids[i], verdict, measures[i], voices[i])),
    );
    const pieces = verdicts.flatMap((verdict, i) => piecesOf(ids[i], i, verdict));
    const reasons = countReasons(verdicts);
    if (pieces.length === 0) {
      const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
      throw new UserError(
        `The filter leaves none of ${ids.length} utterances (${why.join(', ')}). ${join(context.dir, 'filter.jsonl')} says why. Loosen the filter's limits.`,
      );
    }
    const { log, signal } = context;
    const progress = (step: number, total: number) =>
      context.progress.update({ step, total, fields: { part: 'shards' } });
    const lists = openTrialLists(context.artifact(corpusName), corpus.manifest);
    await writeKeptCorpus(context.dir, { ...corpus, lists }, pieces, reasons, { log, signal, progress });
    const count = (verdict: Verdict['verdict']) => verdicts.filter((judged) => judged.verdict === verdict).length;
    const counts = { kept: count('kept'), split: count('split'), dropped: count('dropped') };
    context.log(
      `filter: ${counts.kept} of ${ids.length} utterances kept, ${counts.split} split, ${counts.dropped} dropped`,
    );
    return { path: null, train: pieces.length, ...counts, reasons };
  },
});

async function measureAll(shards: ShardSet, { signal, progress }: StageContext): Promise<SpeechMeasures[]> {
  const { files, shard, offset, samples, ids } = shards;
  const layout = { files, shard, offset, samples };
  const pool = openWorkerPool<MeasureTask, SpeechMeasures>(
    new URL('../../diarize/measure-worker.js', import.meta.url),
    Math.min(availableParallelism(), ids.length),
  );
  const all: SpeechMeasures[] = [];
  try {
    const tasks = ids.map((_, index) => ({ layout, index }));
    for await (const { outcome } of inOrder(pool, tasks, signal)) {
      if (outcome.status === 'rejected') throw outcome.reason;
      all.push(outcome.value);
      progress.update({ step: all.length, total: ids.length, fields: { part: 'speech' } });
    }
  } finally {
    await pool.close();
  }
  return all;
}

/** Changes of voice in all utterances, by the model. */
async function hearAll(
  shards: ShardSet,
  context: StageContext,
  modelName: string,
  network: string | undefined,
): Promise<(VoiceChange | null)[]> {
  const model = openModelArtifact(context.artifact(modelName), network);
  return withSession({ ...context, name: 'filter' }, async (session) => {
    const extractor = await openModelExtractor(session, model, await modelBuilder(context.registry, model.info));
    const all: (VoiceChange | null)[] = [];
    for (const index of shards.ids.keys()) {
      all.push(await voiceChange(readUtterance(shards, index), extractor));
      context.progress.update({ step: all.length, total: shards.ids.length, fields: { part: 'voices' } });
      context.signal.throwIfAborted();
    }
    return all;
  });
}

/** An utterance that is kept whole keeps its id; parts are numbered. */
function piecesOf(id: string, utterance: number, { verdict, parts }: Verdict): Piece[] {
  return parts.map(([start, end], i) => ({
    id: verdict === 'kept' ? id : `${id}.${i + 1}`,
    utterance,
    start: Math.round(start * SAMPLE_RATE_HZ),
    end: Math.round(end * SAMPLE_RATE_HZ),
  }));
}

function lineOf(id: string, verdict: Verdict, measures: SpeechMeasures, voice: VoiceChange | null | undefined): string {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
  return `${JSON.stringify({ id, ...verdict, ...measures, voice: voice ?? null }, rounded)}\n`;
}

function countReasons(verdicts: readonly Verdict[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of verdicts.flatMap(({ reasons }) => reasons)) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
