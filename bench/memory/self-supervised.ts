/**
 * Memory of a step of DINO and of MoCo by form of the backbone, as the planner predicts it.
 *
 *   node dist/bench/memory/self-supervised.js [--backbone resnet152] [--batch 16] [--seconds 2] [--methods dino,moco]
 *
 * DINO with 2 global and 4 local crops of half the length. Bytes in MiB: what is kept for the backward pass, optimizer states, other
 * variables (the second network among them), and the peak.
 */
import { parseArgs } from 'node:util';
import { featureDefinition } from '../../src/audio/features/features.js';
import { builtIns } from '../../src/builtins.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { formatMebibytes } from '../../src/report/memory-rows.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { silentCrops } from '../../src/train/check-memory.js';
import { createPretrainer } from '../../src/train/pretrainer.js';

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'resnet152' },
    batch: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '2' },
    methods: { type: 'string', default: 'dino,moco' },
  },
});
const batchSize = Number(values.batch);
const samples = { global: 16_000 * Number(values.seconds), local: 8000 * Number(values.seconds) };
const registry = createRegistry(builtIns);
const features = featureDefinition.parse({});

async function rowOf(methodName: string, backbone: string, options: Record<string, unknown>) {
  const method = await choosePlugin(registry, 'ssl', methodName, {});
  const plugin = await registry.load('ssl', methodName);
  const crops = plugin.views(method.options);
  const build = await backboneBuilder(
    registry,
    await choosePlugin(registry, 'backbone', backbone, options),
    features.bins,
  );
  return withSession({ device: 'cpu', threads: 0, seed: 0, name: 'self-supervised' }, async (session) => {
    const trainer = createPretrainer({
      session,
      seed: 0,
      batchSize,
      crops,
      optimizer: optimizerOptions.parse({}),
      backbone: build,
      view: { features, augmentations: [] },
      build: (context) => plugin.build({ ...context, options: method.options }),
    });
    const values = { rate: 0, step: 0, ...trainer.method.schedule?.({ step: 0, steps: 1, epoch: 0 }) };
    const [{ compiled, inputs }] = trainer.functions(silentCrops({ count: crops, samples }, batchSize), values);
    return compiled.predict(inputs);
  });
}

console.log('| method | backbone | kept | optimizer | other variables | peak |\n| :-- | :-- | --: | --: | --: | --: |');
for (const method of values.methods.split(',')) {
  for (const [name, options, label] of [
    [values.backbone, {}, ''],
    [values.backbone, { checkpointing: true }, ', `checkpointing: true`'],
    [values.backbone, { checkpointing: 4 }, ', `checkpointing: 4`'],
    [`prev-${values.backbone}`, {}, ''],
    [`frev-${values.backbone}`, {}, ''],
  ] as const) {
    const { keptBytes, parts, peakBytes } = await rowOf(method, name, options);
    const cells = [keptBytes, parts.optimizer, parts.buffers, peakBytes].map(formatMebibytes);
    console.log(`| ${method} | \`${name}\`${label} | ${cells.join(' | ')} |`);
  }
}
