import type { ModelOptions } from '../options/model-options.js';

/** Options of `voxloop bench step`. */
export interface StepOptions extends Omit<ModelOptions, 'model'> {
  backbone: string;
  batch: number;
  frames: number;
  steps: number;
  seconds?: number;
  stateBits: number;
  predictAbove?: number;
  optimizer: string;
  width?: number;
  checkpointing?: boolean;
  compute: string;
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
    import('../../stages/training/with-session.js'),
    import('../../engine/session/compute-type.js'),
    import('../../plugin/choose-plugin.js'),
  ]);
  const { backboneBuilder } = await import('../../stages/training/resolve-plugins.js');
  const { device, threads, batch, frames, steps, seconds, predictAbove } = options;
  const optimizer = await optimizerOf(options);
  const asked = await computeOf(options.compute);
  const registry = createRegistry(builtIns);
  await loadPlugins(options.plugin, registry);
  const choice = await choosePlugin(registry, 'backbone', options.backbone, {
    ...(options.width === undefined ? {} : { width: options.width }),
    ...(options.checkpointing ? { checkpointing: true } : {}),
  });
  const build = await backboneBuilder(registry, choice, BINS);
  const compute = await computeType(device, asked, threads);
  const figures = await withSession({ device, threads, seed: 0, name: 'bench', compute }, (session) =>
    benchmarkStep(session, build, { batch, frames, bins: BINS, optimizer, steps, seconds, predictAbove }),
  );
  const { bestMs, medianMs, peakBytes, parameters, predicted } = figures;
  const time = predicted ? 'not run' : `best ${bestMs!.toFixed(0)} ms, median ${medianMs!.toFixed(0)} ms`;
  const peak = `${predicted ? '~' : ''}${(peakBytes / 2 ** 20).toFixed(1)} MiB`;
  const text = `${options.backbone}, batch ${batch}, ${frames} frames: ${time}, peak ${peak}, ${parameters} parameters`;
  process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : `${text}\n`);
}

/** The optimizer that the options name; throws UserError when there is none. */
export async function optimizerOf({ optimizer: name, stateBits }: { optimizer: string; stateBits: number }) {
  const [{ optimizerOptions }, { UserError }] = await Promise.all([
    import('../../optim/optimizer.js'),
    import('../../errors.js'),
  ]);
  if (stateBits !== 32 && stateBits !== 8) throw new UserError(`--state-bits must be 32 or 8, not ${stateBits}.`);
  const parsed = optimizerOptions.safeParse({ name, stateBits, nesterov: name === 'sgd' });
  if (!parsed.success) throw new UserError(`--optimizer must be sgd, adam, adamw or lars, not '${name}'.`);
  return parsed.data;
}

async function computeOf(asked: string): Promise<'float32' | 'bfloat16' | 'auto'> {
  if (asked === 'float32' || asked === 'bfloat16' || asked === 'auto') return asked;
  const { UserError } = await import('../../errors.js');
  throw new UserError(`--compute must be float32, bfloat16 or auto, not '${asked}'.`);
}
