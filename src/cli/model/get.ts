import type { Command } from 'commander';

interface GetOptions {
  out: string;
  json?: boolean;
}

/** `voxloop model get`: fetches a published model and imports it. */
export function registerGet(model: Command): void {
  model
    .command('get')
    .summary('fetch a published model and make a model folder of it')
    .description(
      'Fetches a model that `voxloop model list` names and imports it into a model folder, as `voxloop import` does. A download that broke off is ' +
        'resumed. A file whose checksum is not pinned in voxloop is pinned by its first download on this computer: another content is refused later. ' +
        "Honours pip's proxy and index settings, HF_ENDPOINT, HF_TOKEN and MODELSCOPE_ENDPOINT. Prints the licence.",
    )
    .argument('<name>', 'name in `voxloop model list`')
    .requiredOption('--out <dir>', 'model folder to write')
    .option('--json', 'print {name, weights, backbone, features, embeddingSize, numbers, licence, files}')
    .addHelpText(
      'after',
      `
Examples:
  voxloop model get resemblyzer --out resemblyzer
  voxloop embed --model resemblyzer a.wav b.flac --out x.npy`,
    )
    .action(get);
}

async function get(name: string, { out, json }: GetOptions): Promise<void> {
  const [{ cacheFolder }, { createProgress }, { readIndexSettings }, { getModel }, timers] = await Promise.all([
    import('../../engine/library/cache-folder.js'),
    import('../../engine/library/progress.js'),
    import('../../engine/library/index-urls.js'),
    import('../../tools/get-model.js'),
    import('node:timers/promises'),
  ]);
  const progress = createProgress(process.stderr);
  const gotten = await getModel(name, out, {
    cache: cacheFolder(),
    settings: readIndexSettings(),
    sleep: timers.setTimeout,
    report: progress.report,
  }).finally(progress.finish);
  if (json) return void process.stdout.write(`${JSON.stringify(gotten)}\n`);
  const { backbone, embeddingSize, numbers, licence, files } = gotten;
  const lines = [
    `${out}: ${gotten.name} as ${backbone.name}, ${(numbers / 1e6).toFixed(2)} million numbers, embeddings of ${embeddingSize}`,
    `licence: ${licence}`,
    ...files.map(({ file, sha256, pinned }) => `${file}: sha256 ${sha256}, ${PINNED[pinned]}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const PINNED = {
  here: 'as pinned in voxloop',
  earlier: 'as at its first download',
  now: 'not known before, from now on pinned',
} as const;
