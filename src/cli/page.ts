import type { Command } from 'commander';
import { addPluginOption } from './options/model-options.js';

interface PageFlags {
  model?: string;
  out: string;
  onnxruntime?: string;
  plugin: string[];
  json?: boolean;
}

const AFTER = `
Any server of files will do, on this machine or elsewhere; browsers open no such page from a disk, and record on https and localhost only:

  voxloop page --out site
  python3 -m http.server --bind 127.0.0.1 --directory site
`;

/** `voxloop page`: a static page that compares voices in the browser. */
export function register(program: Command): void {
  const command = program
    .command('page')
    .summary('a static page that compares voices in the browser, offline')
    .description(
      'Writes a folder of static files: record or choose two recordings and read how alike they are and whether they are of one speaker; drop ' +
        'a conversation and see who speaks when. All of it runs in the browser, nothing is uploaded and nothing fetched from elsewhere. ' +
        'Needs onnxruntime-web (npm install onnxruntime-web), of which 14 MB are copied.',
    )
    .option('--model <dir>', 'model folder, or a file of voxloop export (default: the model that comes with voxloop)')
    .requiredOption('--out <dir>', 'folder of the page')
    .option('--onnxruntime <dir>', 'folder of the package onnxruntime-web, where it is not found by itself');
  addPluginOption(command)
    .option('--json', 'print {out, model, files, bytes, calibrated}')
    .addHelpText('after', AFTER)
    .action(pageCommand);
}

async function pageCommand({ model, out, json, onnxruntime, plugin }: PageFlags): Promise<void> {
  const [{ writePage }, { packagedModel }, { formatByteSize }] = await Promise.all([
    import('../tools/write-page.js'),
    import('../embed/packaged-model.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = await writePage(model ?? packagedModel(), out, { onnxruntime, plugin });
  const without = summary.calibrated
    ? ''
    : '; it gives no verdict, for the model has no calibration (`voxloop calibrate`)';
  const text = `${out}: ${summary.model}, ${formatByteSize(summary.bytes)} in ${summary.files.length} files${without}`;
  process.stdout.write(`${json ? JSON.stringify(summary) : text}\n`);
}
