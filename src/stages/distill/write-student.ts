import { join } from 'node:path';
import { saveWeights } from '../../embed/extract.js';
import type { ModelInfo } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import { writeClassifier } from '../../train/classifier/classifier-file.js';
import type { Distiller } from '../../train/distill/distiller.js';
import { lossWritten } from '../finetune/loss-faults.js';
import type { Start } from '../finetune/network.js';
import { writeTrained } from '../training/bits.js';
import type { OpenTeacher } from './networks.js';
import type { DistillOptions } from './options.js';

/** The name of the student's folder. */
export const NETWORK = 'network';

/** What a distillation leaves. */
export interface Student {
  distiller: Distiller;
  options: DistillOptions;
  start: Start;
  teachers: readonly OpenTeacher[];
  classes?: { speakers: number; speeds: number };
  averaged?: Record<string, HostTensor>;
  /** The teacher's, where its embeddings are what was learned. */
  space?: ModelInfo['space'];
}

/** Writes the student, with the description of its teachers, and its classifier where there is one: averaged, or as they are. */
export async function writeStudent(session: Session, stageDir: string, student: Student): Promise<void> {
  const { distiller, options, start, teachers, classes, averaged, space } = student;
  const { scope, headScope, embeddingSize, bits } = distiller;
  const dir = join(stageDir, 'models', NETWORK);
  if (classes) {
    const { speakers, speeds } = classes;
    const info = { ...lossWritten(options.loss), speakers, speeds };
    writeClassifier({ dir, info, weights: await saveWeights(session, headScope, averaged) });
  }
  const described = teachers.map(({ model: { info } }) => {
    const { origin, backbone, features, embeddingSize: size } = info;
    return { origin, backbone, features, embeddingSize: size };
  });
  const origin = `student of ${described.map((teacher) => teacher.origin).join(' and ')}`;
  const info = { ...start.info, origin, embeddingSize, teachers: described, space };
  await writeTrained(session, dir, { scope, info, averaged, bits });
}
