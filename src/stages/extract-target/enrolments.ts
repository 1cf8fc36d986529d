import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import { extractAll, openModelExtractor } from '../../embed/extract.js';
import { type Model, readModel } from '../../embed/model-file.js';
import { packagedModel } from '../../embed/packaged-model.js';
import { withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { meanEmbedding } from '../../eval/cosine-scoring.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import type { StageContext } from '../../plugin/stage.js';
import { rowsOf } from '../../rows.js';
import { voiceOf } from '../../target-voice/voice.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { modelBuilder } from '../training/resolve-plugins.js';
import type { ExtractTargetOptions } from './options.js';

/** Voices of utterances, by their numbers in a shard set. */
export type Voices = (utterance: number) => Float32Array;

/** Embeddings of one part of a corpus, of those utterances that are used. */
interface Part {
  /** Names the file in which they are kept for a resumed run. */
  name: string;
  shards: ShardSet;
  /** Numbers of the utterances. */
  used: Int32Array;
}

/** The embeddings that a mask network follows. */
export interface Enrolments {
  model: Model;
  /** Mean of the training embeddings, or the model's own. [size] */
  mean: Float32Array;
  /** A lookup for each part, in order. */
  voices: Voices[];
}

/** The network that the options name, or the one that comes with voxloop. */
export const enrollingModel = (
  { artifact }: Pick<StageContext, 'artifact'>,
  { model, network }: ExtractTargetOptions,
): Model => (model === undefined ? readModel(packagedModel()) : openModelArtifact(artifact(model), network));

/** Embeds whole utterances once; a resumed run reads what an earlier attempt has written. The first part gives the mean. */
export async function embedEnrolments(
  context: StageContext,
  model: Model,
  parts: readonly Part[],
): Promise<Enrolments> {
  const size = model.info.embeddingSize;
  const fileOf = ({ name }: Part) => join(context.dir, `${name}-enrolments.npy`);
  const missing = parts.filter((part) => !context.resume || !existsSync(fileOf(part)));
  if (missing.length > 0)
    await withSession({ ...context, name: 'enrolments' }, async (session) => {
      const extractor = await openModelExtractor(session, model, await modelBuilder(context.registry, model.info));
      for (const part of missing) {
        const progress = (step: number, total: number) =>
          context.progress.update({ step, total, fields: { embedding: part.name } });
        const shards = pickUtterances(part.shards, part.used);
        const vectors = await extractAll(shards, extractor, { progress, signal: context.signal });
        writeNpy(fileOf(part), [part.used.length, size], vectors);
      }
    });
  const vectors = parts.map((part) => readNpy(fileOf(part)).data as Float32Array);
  const mean = model.mean ?? meanEmbedding(rowsOf(vectors[0], size));
  return {
    model,
    mean,
    voices: parts.map(({ shards, used }, i) => {
      const places = new Map(Array.from(used, (utterance, place) => [utterance, place]));
      return (utterance) => {
        const at = places.get(utterance)! * size;
        const voice = voiceOf([vectors[i].subarray(at, at + size)], mean);
        if (voice) return voice;
        throw new UserError(`The embedding of ${shards.ids[utterance]} says nothing of its voice. Leave it out.`);
      };
    }),
  };
}
