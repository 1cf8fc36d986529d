import type { ModelOptions } from '../options/model-options.js';

/** Options of `voxloop bench step`. */
export interface StepOptions extends Omit<ModelOptions, 'model'> {
  backbone: string;
  batch: number;
  frames: number;
  steps: number;
  seconds?: number;
  stateBits: 32 | 8;
  predictAbove?: number;
  optimizer: string;
  width?: number;
  checkpointing?: boolean;
  compute: 'float32' | 'bfloat16' | 'auto';
  json?: boolean;
}

const BINS = 80;

/** Measures one training step and prints it. */
export async function benchStep(options: StepOptions): Promise<void> {
  const [
    { createRegistry },
    { builtIns },
    { loadPlugins },
    { benchmarkStep },
    { withSession },
    { computeType },
    { choosePlugin },
  ] = await Promise.all([
    import('../../pipeline/registry/registry.js'),
    import('../../builtins.js'),
    import('../../pipeline/registry/load-plugin.js'),
    import('../../train/step-benchmark.js'),
    import('../../engine/session/with-session.js'),
    import('../../engine/session/compute-type.js'),
    import('../../plugin/choose-plugin.js'),
  ]);
  const { backboneBuilder } = await import('../../stages/training/resolve-plugins.js');
  const { device, threads, batch, frames, steps, seconds, predictAbove } = options;
  const { optimizerOptions } = await import('../../optim/optimizer.js');
  const { optimizer: name, stateBits } = options;
  const optimizer = optimizerOptions.parse(name === 'sgd' ? { name, stateBits, nesterov: true } : { name, stateBits });
  const registry = createRegistry(builtIns);
  await loadPlugins(options.plugin, registry);
  const choice = await choosePlugin(registry, 'backbone', options.backbone, {
    ...(options.width === undefined ? {} : { width: options.width }),
    ...(options.checkpointing ? { checkpointing: true } : {}),
  });
  const build = await backboneBuilder(registry, choice, BINS);
  const compute = await computeType({ device, threads, tf32: true }, options.compute);
  const work = { device, threads, seed: 0, name: 'bench', compute, tf32: true };
  const figures = await withSession(work, (session) =>
    benchmarkStep(session, build, { batch, frames, bins: BINS, optimizer, steps, seconds, predictAbove }),
  );
  const { bestMs, medianMs, peakBytes, parameters, predicted } = figures;
  const time = predicted ? 'not run' : `best ${bestMs!.toFixed(0)} ms, median ${medianMs!.toFixed(0)} ms`;
  const peak = `${predicted ? '~' : ''}${(peakBytes / 2 ** 20).toFixed(1)} MiB`;
  const text = `${options.backbone}, batch ${batch}, ${frames} frames: ${time}, peak ${peak}, ${parameters} parameters`;
  process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : `${text}\n`);
}
