import { z } from 'zod';
import { pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import { type StoredRows, shardsToWrite, writeShard } from '../../data/stored-rows.js';
import { createExtractor, extractAll, loadWeights } from '../../embed/extract.js';
import type { Model } from '../../embed/model-file.js';
import { weightsIdentity } from '../../embed/weights-identity.js';
import type { Session } from '../../engine/session/session.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import { createScope } from '../../nn/scope.js';
import { layerOutputs } from '../../nn/taps.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import { indicesUpTo } from '../../rows.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { modelBuilder } from '../training/resolve-plugins.js';
import { checkSameFeatures } from '../training/stored-features.js';
import {
  digestOfUtterances,
  inRecordOrder,
  rowsOfTeacher,
  type StoredTeacherInfo,
  teacherOutputsResult,
} from './outputs-result.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  teachers: z.array(artifact('model')).min(1).describe('networks whose outputs are stored'),
  layers: z
    .array(z.string().min(1))
    .min(1)
    .prefault(['embedding'])
    .describe(
      'layers of one vector an utterance: `embedding`, `pooled`, or those that the backbones name, such as segment1',
    ),
});

/**
 * Stores what teachers give for every training utterance, whole and as it is used, once and for all distillations: float16, a file for each
 * 4,096 utterances. What a kill leaves is gone on with, to the same bytes.
 */
export default defineStage({
  name: 'teacher-outputs',
  summary: 'Stores what networks give for every training utterance, for students to learn from.',
  options,
  result: teacherOutputsResult,
  produces: 'outputs',
  check: (context, { teachers }) => {
    const twice = teachers.find((name, i) => teachers.indexOf(name) !== i);
    return [
      ...checkLibrary(context),
      ...(twice === undefined ? [] : [`teachers: '${twice}' stands there twice. Name each teacher once.`]),
    ];
  },
  async run(context, { corpus, teachers, layers }) {
    const { train } = openTraining(context.artifact(corpus));
    const stored: Record<string, StoredTeacherInfo> = {};
    await withSession({ ...context, name: 'teacher-outputs' }, async (session) => {
      for (const [i, name] of inRecordOrder(teachers).entries()) {
        const model = openModelArtifact(context.artifact(name));
        if (train.features) checkSameFeatures(train.features, model.info.features);
        stored[name] = await storeTeacher(session, context, { name, number: i + 1, model, layers, train });
      }
    });
    return { utterances: train.ids.length, corpus: digestOfUtterances(train), teachers: stored };
  },
});

const TOO_LARGE = 'Learn from this network beside the student, without stored outputs.';

interface Teaching {
  name: string;
  /** Counted from 1. */
  number: number;
  model: Model;
  layers: readonly string[];
  train: ShardSet;
}

async function storeTeacher(
  session: Session,
  { dir, registry, resume, progress, signal }: StageContext,
  { name, number, model, layers, train }: Teaching,
): Promise<StoredTeacherInfo> {
  const { info } = model;
  const scope = createScope(session, `teacher${number}`, 0);
  const network = (await modelBuilder(registry, info))(scope);
  const sizes = sizesOf(name, network, layers);
  const rows: StoredRows = rowsOfTeacher({ dir }, number, { utterances: train.ids.length, layers: sizes });
  await loadWeights(session, scope, model);
  const extractor = createExtractor(
    session,
    info.features,
    rows.size,
    (features, pass) => {
      const outputs = layerOutputs(network, features, pass);
      return tf.concat(
        Object.keys(sizes).map((layer) => outputs.get(layer)!),
        1,
      );
    },
    { hearing: info.hearing },
  );
  for (const { shard, from, count } of shardsToWrite(rows, resume)) {
    const part = pickUtterances(
      train,
      indicesUpTo(count).map((i) => from + i),
    );
    // Told in stretches, of which a long recording has several.
    const update = (done: number, of: number) =>
      progress.update({ step: from + Math.floor((count * done) / of), total: rows.rows, fields: { teacher: name } });
    writeShard(rows, shard, await extractAll(part, extractor, { progress: update, signal }), TOO_LARGE);
  }
  return { model: weightsIdentity(model), features: info.features, layers: sizes };
}

/** Numbers of each layer. @throws UserError for a layer that is not there, or that has a vector for every frame */
function sizesOf(name: string, { layers: known = {} }: Backbone, layers: readonly string[]): Record<string, number> {
  const entries = layers.map((layer): [string, number] => {
    const found = known[layer];
    if (!found)
      throw new UserError(
        `layers: teacher '${name}' has no layer '${layer}'${didYouMeanOrKnown(layer, Object.keys(known))}.`,
      );
    if (found.of === 'frames')
      throw new UserError(
        `layers: '${layer}' of teacher '${name}' has a vector for every frame, and one for the whole utterance is stored. Give pooled or ` +
          'embedding, or let distill compute the teacher beside the student.',
      );
    return [layer, found.size];
  });
  return Object.fromEntries(entries);
}
