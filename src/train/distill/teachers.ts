import type { FeatureDefinition } from '../../audio/features/features.js';
import { withoutGradient } from '../../engine/autodiff.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { inPhase } from '../../engine/trace.js';
import type { Backbone } from '../../nn/backbone.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { layerOutputs } from '../../nn/taps.js';
import type { ClassificationLoss } from '../classifier/classification-loss.js';
import { type CropView, cleanView, cropsToFeatures } from '../step/crop-features.js';
import { TEACHERS } from '../step/transient.js';
import type { Heard } from './level-loss.js';

/** A classifier over embeddings: its classes, and the loss that holds its weights. */
export interface ClassifierParts {
  classes: number;
  loss(context: { scope: Scope; embeddingSize: number; classes: number }): ClassificationLoss;
}

/** A network to learn from. */
export interface TeacherParts {
  /** For messages. */
  name: string;
  backbone(scope: Scope): Backbone;
  features: FeatureDefinition;
  /** Where its class scores are compared. */
  classifier?: ClassifierParts;
}

/** A teacher's network and classifier, built, and the scopes that want their weights. */
export interface Teacher extends Omit<TeacherParts, 'backbone' | 'classifier'> {
  scope: Scope;
  headScope: Scope;
  network: Backbone;
  head?: ClassificationLoss;
}

/** Builds the teachers in scopes that no checkpoint holds; their weights are loaded by whoever knows them. */
export const buildTeachers = (session: Session, teachers: readonly TeacherParts[]): Teacher[] =>
  teachers.map(({ name, features, backbone, classifier }, i) => {
    const scope = createScope(session, `${TEACHERS}/${i + 1}/backbone`, 0);
    const headScope = createScope(session, `${TEACHERS}/${i + 1}/classifier`, 0);
    const network = backbone(scope);
    const { embeddingSize } = network;
    const head = classifier?.loss({ scope: headScope, embeddingSize, classes: classifier.classes });
    return { name, features, scope, headScope, network, head };
  });

/** What the teachers make of a micro-batch. */
export interface TeacherViews {
  heard: Heard[];
  /** Class scores [batch, classes], the mean of all teachers; undefined where none has a classifier. */
  scores?: Tensor;
}

/**
 * Runs the teachers as they are used: by their running statistics, and constant to every gradient. They hear `crops` without augmentation,
 * in their own features, or, with `same`, those features.
 */
export function hearTeachers(
  teachers: readonly Teacher[],
  { crops, same }: { crops: Tensor; same?: Tensor },
  view: CropView,
): TeacherViews {
  return constantForward(() => {
    const heard = teachers.map(({ name, network, features }, i): Heard => {
      const input = same ?? cropsToFeatures(crops, cleanView({ ...view, features }), `teacher${i + 1}`);
      return heardBy(name, features, input, layerOutputs(network, input, { training: false }));
    });
    const scores = teachers.flatMap(({ head }, i) => (head ? [scoresOf(head, heard[i])] : []));
    return { heard, ...(scores.length > 0 && { scores: tf.div(tf.addN(scores), scores.length) as Tensor }) };
  });
}

/** A forward pass of which no gradient is taken, and nothing kept. */
const constantForward = <T>(act: () => T): T => inPhase('forward', () => withoutGradient(act));

/** What a network made of features [batch, frames, bins]. */
export const heardBy = (
  name: string,
  { frameShiftMs }: FeatureDefinition,
  features: Tensor,
  outputs: Heard['outputs'],
): Heard => ({ name, outputs, frames: features.shape[1]!, shiftMs: frameShiftMs });

/** Class scores without margin; they do not depend on labels. */
function scoresOf(head: ClassificationLoss, { outputs }: Heard): Tensor {
  const embedding = outputs.get('embedding')!;
  const labels = tf.zeros([embedding.shape[0]!], 'int32') as Tensor;
  return head.losses(embedding, labels, { step: tf.scalar(0), margin: tf.scalar(0) }).scores!;
}
