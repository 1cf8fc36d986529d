import type { FeatureDefinition } from '../../audio/features/features.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { Session } from '../../engine/session/session.js';
import { silentCrops } from '../../train/check-memory.js';
import { createFinetuner, type FinetuneParts, type Finetuner } from '../../train/finetuner.js';
import type { OpenObjectives } from '../objectives/open-objectives.js';
import { progressOf } from '../objectives/progress.js';
import { cropView, type Preparation } from '../training/resolve-plugins.js';
import { thawedAt } from './gated-step.js';
import type { FinetuneOptions } from './options.js';
import { selfTeacherParts } from './self-teacher.js';

/** The network with its step. */
export async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  options: FinetuneOptions,
  {
    features,
    backbone,
    classes,
    objectives,
  }: Pick<FinetuneParts, 'backbone' | 'classes' | 'objectives'> & { features: FeatureDefinition },
): Promise<Finetuner> {
  const { optimizer, accumulate, backboneRate, freeze, speeds, average, gateJudges, quantize } = options;
  const loss = await registry.load('loss', options.loss.name);
  const lossOptions = options.loss.options;
  return createFinetuner({
    session,
    seed,
    backbone,
    classes,
    optimizer,
    accumulate,
    backboneRate,
    freeze,
    speeds,
    average,
    gateJudges,
    quantize,
    objectives,
    selfTeacher: await selfTeacherParts(registry, options.selfTeacher, backbone),
    ownNorms: options.domainNorms,
    adaptersOnly: options.adapters !== undefined,
    loss: (parts) => loss.build({ ...parts, options: lossOptions }),
    view: await cropView({ registry, artifact }, { ...options, features }),
  });
}

/** The compiled calls of an update, on silence; with correction where that comes later, for it takes more memory. */
export const callsOf =
  (
    { functions }: Finetuner,
    plan: CropPlan,
    options: FinetuneOptions,
    objectives: Pick<OpenObjectives, 'parts' | 'silent'>,
  ) =>
  (batchSize: number) => {
    const { correction, speeds } = options;
    const values = {
      gate: 0,
      momentum: 0,
      margin: 1,
      rate: 0,
      step: 0,
      ...thawedAt(options, 0),
      ...progressOf(objectives, 0),
      ...(correction && { temperature: correction.temperature, confidence: correction.confidence }),
    };
    const zeros = new Int32Array(batchSize);
    const samples = {
      labels: zeros,
      history: new Float32Array(batchSize),
      beside: objectives.silent(batchSize),
      ...(speeds.length > 1 && { speed: zeros }),
    };
    return functions(silentCrops(plan, batchSize), samples, values);
  };
