import { z } from 'zod';
import { computeType } from '../engine/session/compute-type.js';
import { withSession } from '../engine/session/with-session.js';
import { choosePlugin } from '../plugin/choose-plugin.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import type { Registry } from '../plugin/plugin.js';
import { openModelArtifact } from './artifacts/model-artifact.js';
import { distill, sketchDistill } from './distill/distill.js';
import { distillFaults } from './distill/faults.js';
import { type DistillOptions, distillOptions } from './distill/options.js';
import { distillResult } from './distill/result.js';
import { convertibleOptions, trainingOptions } from './training/training-options.js';

const { clusters, loss, labelWeight, margin, cropSeconds, average, domainNorms, adapters } = distillOptions.shape;

const options = z.strictObject({
  model: artifact('model').describe('the network to adapt; its backbone and features are kept'),
  corpus: artifact('corpus').describe('recordings of the domain that it knows'),
  target: artifact('corpus').describe('recordings of the domain that it is to know, of which no label is used'),
  objectives: z
    .array(pluginChoice('objective'))
    .min(1)
    .prefault(['mmd'])
    .describe('what draws the two domains together'),
  anchor: z
    .number()
    .positive()
    .default(1)
    .describe("factor on one minus the cosine between its embeddings of the corpus' crops and those it gave before"),
  clusters: clusters.describe('labels of the corpus, where there are; the classification loss on them is added'),
  loss,
  labelWeight,
  margin,
  // Measured on telephone calls it is what helps; the objectives alone do nothing (docs/adaptation.md).
  domainNorms: domainNorms
    .removeDefault()
    .default(true)
    .describe(domainNorms.description ?? ''),
  adapters,
  cropSeconds,
  average,
  ...trainingOptions,
});

/**
 * Adapts a trained network to recordings of another domain. On the corpus it is held to what it gave before, and to labels where there are,
 * while objectives draw the target's embeddings to the corpus'.
 */
export default defineStage({
  name: 'adapt',
  summary: 'Adapts a trained network to unlabelled recordings of another domain, beside those of the domain it knows.',
  options,
  result: distillResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: convertibleOptions,
  check: async (context, chosen) => distillFaults(context, await asDistillation(context.registry, chosen)),
  sketch: async (context, chosen) => sketchDistill(context, await asDistillation(context.registry, chosen)),
  async run(context, chosen) {
    const { tf32 } = chosen;
    const compute = await computeType({ ...context, tf32 }, chosen.compute);
    const { origin } = openModelArtifact(context.artifact(chosen.model)).info;
    const distillation = await asDistillation(context.registry, chosen);
    return withSession({ ...context, name: 'adapt', compute, tf32, group: context.workers }, (session) =>
      distill(session, context, distillation, `${origin}, adapted to '${chosen.target}'`),
    );
  },
});

/** The training of a student that starts as its only teacher. */
async function asDistillation(
  registry: Registry,
  { model, anchor, ...shared }: z.output<typeof options>,
): Promise<DistillOptions> {
  const cosine = await choosePlugin(registry, 'distillation', 'cosine');
  return {
    ...shared,
    teachers: [model],
    init: model,
    levels: [{ loss: cosine, weight: anchor }],
    teacherHears: 'clean',
    speeds: [1],
    sampling: { kind: 'shuffled' },
  };
}
