import type { Command } from 'commander';
import { addDeviceOptions, addPluginOption, type DeviceOptions } from '../options/model-options.js';
import { outputOption } from '../options/output-files.js';
import { collect, commaSeparated, decimal, wholeNumber } from '../options/values.js';

interface ProbeCommandOptions extends DeviceOptions {
  list: string;
  root?: string;
  table: string[];
  attributes?: string[];
  most?: number;
  hidden?: number;
  steps?: number;
  decay?: number;
  units?: number;
  untrained?: boolean;
  seed: number;
  plugin: string[];
  report?: string;
  json?: boolean;
}

const AFTER = `
A probe is a softmax regression from a layer's output (of frames: mean and deviation) to an attribute. Accuracy is measured on speakers
that it has not heard. Its control task has random labels, one for each speaker or cluster of sounds: what a probe gets right there, it has
memorised, and selectivity is what is left of the accuracy on known speakers. Compare layers, and a network with its untrained form.

  voxloop probe RUN/stages/embed/model --list CORPUS --table genders.tsv --untrained
`;

/** `voxloop probe`: what each layer of a model knows. */
export function register(program: Command): void {
  const command = program
    .command('probe')
    .summary('what does each layer of a model know?')
    .description(
      'Trains probes on every layer of a model: for speaker, gender, language, duration, channel, signal-to-noise ratio, content, and what ' +
        'tables tell, each beside its control task.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .requiredOption(
      '--list <list>',
      'corpus folder, wav.scp, or file with a line `path` or `name TAB path` for each recording',
    )
    .option('--root <dir>', "folder that the list's paths are relative to (default: the current one)")
    .option(
      '--table <file>',
      'attributes by utterance or speaker: a header such as `speaker TAB gender`, then values; may be repeated',
      collect,
      [],
    )
    .option(
      '--attributes <names>',
      'of speaker,gender,language,duration,channel,snr,content and tables; comma-separated (default: all of them)',
      commaSeparated,
    )
    .option('--most <n>', 'recordings to probe with, drawn by seed (default: 1000)', wholeNumber(16))
    .option('--hidden <units>', 'units of a hidden layer in the probes; 0: linear (default: 0)', wholeNumber(0))
    .option('--steps <n>', 'updates of a probe (default: 200)', wholeNumber(1))
    .option(
      '--decay <weight>',
      "weight of the probes' squared weights (default: 0.001)",
      decimal('a number of at least 0', (value) => value >= 0),
    )
    .option('--units <n>', 'units of sound that `content` tells apart (default: 20)', wholeNumber(2))
    .option('--untrained', 'probe the same network before it has learned anything, too')
    .option('--seed <n>', 'seed of everything that is drawn', wholeNumber(0), 1)
    .addOption(outputOption(program, '--report <file>', 'write charts and tables as an HTML page'))
    .option(
      '--json',
      'print {utterances, networks: [{name, attributes: [{attribute, classes, layers: [...]}]}], skipped}',
    );
  addPluginOption(addDeviceOptions(command)).addHelpText('after', AFTER).action(probe);
}

async function probe(model: string, options: ProbeCommandOptions): Promise<void> {
  const [{ probeRecordings }, { probesText }, { renderReport }, { writeFileAtomic }, { createProgress }] =
    await Promise.all([
      import('../../tools/inspect/probe-recordings.js'),
      import('../../report/inspect/probe-table.js'),
      import('../../report/render.js'),
      import('../../io/atomic.js'),
      import('../../pipeline/run/progress.js'),
    ]);
  const { list, table: tables, report, json, ...rest } = options;
  const display = createProgress({ stream: process.stderr, label: 'probe' });
  const { unusable, ...result } = await probeRecordings(model, list, {
    ...rest,
    tables,
    progress: (step, total, network) => display.update({ step, total, fields: { network } }),
  }).finally(() => display.done());
  for (const { reason } of unusable) process.stderr.write(`skipped: ${reason}\n`);
  if (report)
    writeFileAtomic(report, renderReport({ title: `Probes of ${model}`, probes: [{ title: model, result }] }));
  process.stdout.write(json ? `${JSON.stringify({ ...result, unusable })}\n` : `${probesText(result)}\n`);
}
