import { hits } from '../../engine/ops/hits.js';
import { random } from '../../engine/random.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32, int32 } from '../../host-tensor.js';
import { attentionFusion } from '../../nn/conditioning/attention-fusion.js';
import { createScope } from '../../nn/scope.js';
import type { OptimizerOptions } from '../../optim/optimizer.js';
import type { ClassifierParts } from '../distill/teachers.js';
import { createTrainingStep, meanMetrics, type StepMetrics, type StepValues } from '../step/training-step.js';

/** Embeddings of voices and faces, row by row. */
export interface FusedRows {
  /** [rows, voice size] */
  voice: Float32Array;
  /** Anything where there is no face. [rows, face size] */
  face: Float32Array;
  /** 1 where there is a face, else 0. [rows] */
  present: Float32Array;
}

export interface FuserParts {
  session: Session;
  seed: number;
  sizes: { voice: number; face: number; fused: number };
  classifier: ClassifierParts;
  /** Share of the faces that a step leaves out, so that the voice alone is learned from, too. */
  dropFaces: number;
  optimizer: OptimizerOptions;
}

/** A fusion of two embeddings that is trained, with its step compiled. */
export interface Fuser {
  step(rows: FusedRows, labels: Int32Array, values: StepValues): Promise<StepMetrics>;
  /** Fused embeddings, and the faces' shares of them. */
  fuse(rows: FusedRows): Promise<{ vectors: Float32Array; faceShares: Float32Array }>;
}

/** Builds an attention fusion and a classifier behind it, which it is trained by. */
export function createFuser({ session, seed, sizes, classifier, dropFaces, optimizer }: FuserParts): Fuser {
  const scope = createScope(session, 'fusion', `${seed}/fusion`);
  const headScope = createScope(session, 'classifier', `${seed}/classifier`);
  const { voice, face, fused } = sizes;
  const layer = attentionFusion(scope, { voice, face, size: fused });
  const head = classifier.loss({ scope: headScope, embeddingSize: fused, classes: classifier.classes });
  const update = createTrainingStep({
    session,
    name: 'fusion',
    trained: scope.params().concat(headScope.params()),
    optimizer,
    views: (inputs) => inputs,
    loss({ voice: voices, face: faces, present, labels, step }) {
      const kept = tf.greaterEqual(random.uniform(present.shape, 'fusion/drop', 0, 1), dropFaces);
      const { embedding, faceShare } = layer(voices, faces, tf.mul(present, tf.cast(kept, 'float32')));
      const { losses, beside, scores } = head.losses(embedding, labels, { step, margin: tf.scalar(1) });
      const right = scores && tf.mean(hits(scores, labels));
      return {
        loss: tf.mean(beside ? tf.add(losses, beside) : losses) as Tensor,
        aux: { faceShare: tf.mean(faceShare) as Tensor, ...(right && { accuracy: right as Tensor }) },
      };
    },
  });
  const run = session.compile('fuse', (inputs: Record<string, Tensor>) => ({
    ...layer(inputs.voice, inputs.face, inputs.present),
  }));
  const inputsOf = ({ voice: voices, face: faces, present }: FusedRows) => ({
    voice: float32(voices, [present.length, voice]),
    face: float32(faces, [present.length, face]),
    present: float32(present),
  });
  return {
    step: async (rows, labels, values) =>
      meanMetrics(await update.run([{ ...inputsOf(rows), labels: int32(labels) }], values)),
    async fuse(rows) {
      const { embedding, faceShare } = await run(inputsOf(rows));
      return { vectors: embedding.data as Float32Array, faceShares: faceShare.data as Float32Array };
    },
  };
}
