import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { HostTensor } from '../../../src/host-tensor.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { sketchStages } from '../../../src/pipeline/memory/sketches.js';
import { createVoiceMaskTrainer } from '../../../src/target-voice/trainer.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { staysOnGpu } from '../../helpers/gpu/stays-on-gpu.js';
import { normalTensor } from '../../helpers/random-values.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const registry = newRegistry();

/** What a network can learn from beside its main loss. */
const RECIPE = `
stages:
  - {stage: corpus, source: auto}
  - {stage: corpus, as: other, source: synthetic, speakers: 4, utterances: 4, testSpeakers: 2}
  - {stage: labels, corpus: corpus}
  - {stage: units, corpus: corpus, units: 4, sampleFrames: 2000}
  - &training
    stage: finetune
    as: known
    corpus: corpus
    clusters: labels
    backbone: {name: xvector, width: 8, lastWidth: 12, segmentLayers: 1, embeddingSize: 6}
    cropSeconds: 0.6
    batchSize: 8
    steps: 2
    rate: {peak: 0.001}
  - {<<: *training, as: self-taught, selfTeacher: {}}
  - {<<: *training, as: gated, gate: dynamic, correction: {confidence: 0.8, temperature: 0.1}}
  - {<<: *training, as: in-8-bits, quantize: {bits: 8}}
  - {<<: *training, as: in-4-bits, quantize: {bits: 4, method: k-means}}
  - {<<: *training, as: in-2-bits, quantize: {bits: 2}}
  - {<<: *training, as: in-1-bit, quantize: {bits: 1, scales: layer}}
  - <<: *training
    as: of-domains
    target: other
    domainNorms: true
    objectives: [mmd, {name: coral, layer: pooled}, classes]
  - <<: *training
    as: of-phones
    objectives:
      - {name: phones, labels: units, layer: frames}
      - {name: phones, labels: units, layer: pooled, adversarial: true}
  - &student
    <<: *training
    stage: distill
    as: student
    clusters: labels
    teachers: [known]
    levels: [{loss: kl}, {loss: decoupled-kl}]
  - <<: *student
    as: student-of-layers
    levels: [{loss: cosine}, {loss: mean-square}, {loss: relations}]
`;

test('what is learned beside the main loss stays on a GPU', async (t) => {
  const file = join(temporaryFolder(t), 'beside.yaml');
  writeFileSync(file, RECIPE);
  const config = await loadConfig({ file, registry });
  const trainings = await sketchStages(config, registry);
  t.is(trainings.length, 11);
  for (const { as, sketch } of trainings) {
    t.log(as);
    await withGpuTracing(async (session) => staysOnGpu(t, session, await sketch.build(session, sketch)));
  }
});

test('an extractor of one voice, which learns from mixtures, stays on a GPU', async (t) => {
  const [batch, samples, embeddingSize] = [4, 4800, 6];
  for (const conditioning of ['film', 'concatenate'] as const)
    await withGpuTracing(async (session) => {
      const { update } = createVoiceMaskTrainer({
        session,
        seed: 1,
        shape: { width: 8, blocks: 2, conditioning, embeddingSize },
        rule: { each: 1, snrDb: [-5, 5] },
        optimizer: optimizerOptions.parse({}),
      });
      const crops: HostTensor = { dtype: 'int16', shape: [batch, samples], data: new Int16Array(batch * samples) };
      const voices = normalTensor([batch, embeddingSize], 'voices');
      await staysOnGpu(t, session, update.functions([{ crops, voices }], { step: 0, rate: 0.001 }));
    });
});
