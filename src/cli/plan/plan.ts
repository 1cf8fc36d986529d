import type { Command } from 'commander';
import { addPluginOption, DEVICES, type Device } from '../options/model-options.js';
import { choice, collect, wholeNumber } from '../options/values.js';

interface PlanFlags {
  memory?: string;
  stage?: string;
  classes?: number;
  device?: Device;
  set: string[];
  plugin: string[];
  json?: boolean;
}

/** `voxloop plan CONFIG`: predicts the memory that the training stages of a recipe need. */
export function register(program: Command): void {
  const command = program
    .command('plan')
    .summary('predict whether training fits into memory, and what would make it fit')
    .description(
      "Builds the training step of each stage without data, predicts its memory by TensorFlow's rules, and prints whether it fits, " +
        'the largest batch that does, and changes of the recipe that take less memory. Nothing is trained.',
    )
    .argument('<config>', 'YAML file')
    .option('--memory <size>', "available memory, such as 11GiB (default: the config's, else what the device has now)")
    .option('--stage <name>', 'plan only this stage')
    .option('--classes <n>', 'number of classes in fine-tuning (default: that of its cluster stage)', wholeNumber(2))
    .addOption(choice(program, '--device <device>', "device to plan for (default: the config's)", DEVICES))
    .option(
      '--set <key=value>',
      'change a value of the config, such as dino.batchSize=32; may be repeated',
      collect,
      [],
    )
    .option('--json', 'print {memoryBytes, memoryFrom, fits, stages}');
  addPluginOption(command).action(plan);
}

async function plan(file: string, flags: PlanFlags): Promise<void> {
  const [{ builtIns }, { createRegistry }, { loadConfig }, { sketchStages }, { planMemory }, { deviceMemory }, sizes] =
    await Promise.all([
      import('../../builtins.js'),
      import('../../pipeline/registry/registry.js'),
      import('../../pipeline/config/config.js'),
      import('../../pipeline/memory/sketches.js'),
      import('../../pipeline/memory/memory-plan.js'),
      import('../../pipeline/memory/predict-peak.js'),
      import('../../io/byte-size.js'),
    ]);
  // A wrong size is reported before anything is built.
  const bytes = flags.memory === undefined ? undefined : sizes.parseByteSize(flags.memory, '--memory');
  const registry = createRegistry(builtIns);
  const settings = [...flags.set, ...(flags.device === undefined ? [] : [`device=${flags.device}`])];
  const config = await loadConfig({ file, settings, plugins: flags.plugin, registry });
  const sketched = await sketchStages(config, registry, { only: flags.stage, classes: flags.classes });
  const place = { device: config.device, threads: config.threads };
  const budget = await budgetOf();
  const stages = [];
  for (const stage of sketched) {
    process.stderr.write(`planning ${stage.as}\n`);
    stages.push(await planMemory(stage, { budget: budget.bytes, place, registry }));
  }
  if (flags.json) {
    const fits = stages.every((stage) => stage.fits);
    process.stdout.write(`${JSON.stringify({ memoryBytes: budget.bytes, memoryFrom: budget.source, fits, stages })}\n`);
    return;
  }
  const { planText } = await import('./plan-text.js');
  process.stdout.write(planText(stages, budget));

  async function budgetOf() {
    if (bytes !== undefined) return { bytes, source: '--memory' };
    if (config.memory === undefined) return deviceMemory(place);
    return { bytes: sizes.parseByteSize(config.memory, 'memory'), source: "the config's `memory`" };
  }
}
