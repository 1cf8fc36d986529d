import type { Command } from 'commander';
import { wholeNumber } from '../options/model-options.js';

interface PlanFlags {
  memory?: string;
  stage?: string;
  classes?: number;
  device?: string;
  set: string[];
  plugin: string[];
  json?: boolean;
}

const collect = (value: string, given: string[]): string[] => [...given, value];

/** `voxloop plan CONFIG`: what the training stages of a recipe need, before anything runs. */
export function register(program: Command): void {
  program
    .command('plan')
    .summary('tell whether training fits into memory, and what would make it fit')
    .description(
      "Build the step of each training stage without data, foretell its memory by TensorFlow's rules, and say whether it fits, " +
        'the largest batch that does, and which changes of the recipe take less. Nothing is trained.',
    )
    .argument('<config>', 'YAML file')
    .option('--memory <size>', "such as 11GiB; default: the config's, else what the device has now")
    .option('--stage <name>', 'plan this stage only')
    .option('--classes <n>', 'classes of fine-tuning; default: those of its cluster stage', wholeNumber(2))
    .option('--device <device>', "auto, cpu or gpu; default: the config's")
    .option('--set <key=value>', 'change a value of the config, such as dino.batchSize=32', collect, [])
    .option('--plugin <file>', 'load a plugin of your own (.ts, .js)', collect, [])
    .option('--json', 'print {memoryBytes, memoryFrom, fits, stages}')
    .action(plan);
}

async function plan(file: string, flags: PlanFlags): Promise<void> {
  const [{ builtIns }, { createRegistry }, { loadConfig }, { sketchStages }, { planStage }, { memoryOf }, sizes] =
    await Promise.all([
      import('../../builtins.js'),
      import('../../pipeline/registry/registry.js'),
      import('../../pipeline/config/config.js'),
      import('../../pipeline/memory/sketches.js'),
      import('../../pipeline/memory/plan-stage.js'),
      import('../../pipeline/memory/foresee.js'),
      import('../../io/byte-size.js'),
    ]);
  // A wrong size is told before anything is built.
  const given = flags.memory === undefined ? undefined : sizes.parseByteSize(flags.memory, '--memory');
  const registry = createRegistry(builtIns);
  const settings = [...flags.set, ...(flags.device === undefined ? [] : [`device=${flags.device}`])];
  const config = await loadConfig({ file, settings, plugins: flags.plugin, registry });
  const sketched = await sketchStages(config, registry, { only: flags.stage, classes: flags.classes });
  const place = { device: config.device, threads: config.threads };
  const budget = await budgetOf();
  const stages = [];
  for (const each of sketched) {
    process.stderr.write(`planning ${each.as}\n`);
    stages.push(await planStage(each, { budget: budget.bytes, place, registry }));
  }
  if (flags.json) {
    const fits = stages.every((stage) => stage.fits);
    process.stdout.write(`${JSON.stringify({ memoryBytes: budget.bytes, memoryFrom: budget.source, fits, stages })}\n`);
    return;
  }
  const { planText } = await import('./plan-text.js');
  process.stdout.write(planText(stages, budget));

  async function budgetOf() {
    if (given !== undefined) return { bytes: given, source: '--memory' };
    if (config.memory === undefined) return memoryOf(place);
    return { bytes: sizes.parseByteSize(config.memory, 'memory'), source: "the config's `memory`" };
  }
}
