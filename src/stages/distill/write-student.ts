import { join } from 'node:path';
import { saveWeights } from '../../embed/extract.js';
import type { ModelInfo } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import { writeClassifier } from '../../train/classifier/classifier-file.js';
import type { Distiller } from '../../train/distill/distiller.js';
import { lossWritten } from '../finetune/loss-faults.js';
import type { Start } from '../finetune/network.js';
import { NETWORK, writeNetworks } from '../objectives/write-networks.js';
import type { OpenTeacher } from './networks.js';
import type { DistillOptions } from './options.js';

/** What a distillation leaves. */
export interface Student {
  distiller: Distiller;
  options: DistillOptions;
  start: Start;
  teachers: readonly OpenTeacher[];
  classes?: { speakers: number; speeds: number };
  averaged?: Record<string, HostTensor>;
  /** What the model says that it is from; default: its teachers. */
  origin?: string;
  /** The teacher's, where its embeddings are what was learned. */
  space?: ModelInfo['space'];
}

/** Writes the student, with the description of its teachers, and its classifier where there is one: averaged, or as they are. */
export async function writeStudent(session: Session, stageDir: string, student: Student): Promise<string[]> {
  const { distiller, options, start, teachers, classes, averaged, space } = student;
  const { headScope, embeddingSize } = distiller;
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
  const learned = options.vectors === undefined ? described.map((teacher) => teacher.origin) : ['given vectors'];
  const origin = student.origin ?? `student of ${learned.join(' and ')}`;
  const info = { ...start.info, origin, embeddingSize, teachers: described, space };
  return writeNetworks(session, stageDir, distiller, { info, averaged });
}
