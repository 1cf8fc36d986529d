import type { CropPlan } from '../../data/crops/crops.js';
import type { Session } from '../../engine/session/session.js';
import { silentCrops } from '../../train/check-memory.js';
import { createDistiller, type Distiller, type DistillParts } from '../../train/distill/distiller.js';
import { rowSize, type StoredTeacher } from '../../train/distill/stored-teachers.js';
import type { ClassifierParts } from '../../train/distill/teachers.js';
import type { Start } from '../finetune/network.js';
import type { OpenObjectives } from '../objectives/open-objectives.js';
import { progressOf } from '../objectives/progress.js';
import { cropView, type Preparation } from '../training/resolve-plugins.js';
import { layersOf, resolveLevels } from './networks.js';
import type { DistillOptions } from './options.js';

/** The student with its step. */
export async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  options: DistillOptions,
  {
    features,
    backbone,
    teachers,
    head,
    outputs,
    objectives,
  }: Pick<DistillParts, 'backbone' | 'teachers' | 'objectives'> &
    Pick<Start, 'features'> & { head?: ClassifierParts; outputs?: readonly StoredTeacher[] },
) {
  const {
    clusters,
    optimizer,
    accumulate,
    batchSize,
    speeds,
    average,
    quantize,
    teacherHears,
    combine = 'concatenate',
  } = options;
  return createDistiller({
    session,
    seed,
    batchSize,
    backbone,
    teachers: outputs ? [] : teachers,
    stored: outputs,
    teacherHears,
    combine,
    levels: await resolveLevels(registry, options, backbone, layersOf(teachers, outputs)),
    classifier: head && { ...head, weight: clusters === undefined ? 0 : (options.labelWeight ?? 1) },
    optimizer,
    accumulate,
    speeds,
    average,
    quantize,
    objectives,
    ownNorms: options.domainNorms,
    adaptersOnly: options.adapters !== undefined,
    view: await cropView({ registry, artifact }, { ...options, features }),
  });
}

/** The compiled calls of an update, on silence. */
export const callsOf =
  (
    { functions }: Distiller,
    plan: CropPlan,
    { speeds }: DistillOptions,
    {
      classified,
      outputs,
      objectives,
    }: {
      classified: boolean;
      outputs?: readonly StoredTeacher[];
      objectives: Pick<OpenObjectives, 'parts' | 'silent'>;
    },
  ) =>
  (batchSize: number) => {
    const zeros = new Int32Array(batchSize);
    const samples = {
      ...(classified && { labels: zeros }),
      ...(speeds.length > 1 && { speed: zeros }),
      outputs: outputs?.map((teacher) => new Float32Array(batchSize * rowSize(teacher))),
      beside: objectives.silent(batchSize),
    };
    const values = { step: 0, rate: 0, margin: 1, ...progressOf(objectives, 0) };
    return functions(silentCrops(plan, batchSize), samples, values);
  };
