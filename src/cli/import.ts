import type { Command } from 'commander';
import { FORMATS, type Format } from '../import/sources/formats.js';
import { choice, collect } from './options/values.js';

interface ImportOptions {
  out: string;
  format?: Format;
  set: string[];
  json?: boolean;
}

/** `voxloop import`: a published model as a model folder. */
export function register(program: Command): void {
  program
    .command('import')
    .summary('make a model folder of a published model')
    .description(
      'Reads weights and settings of WeSpeaker (ResNet, CAM++, ECAPA-TDNN, RepVGG, Gemini DF-ResNet, x-vector), of CAM++ and ERes2Net from 3D-Speaker, of ' +
        "pyannote.audio's WeSpeaker networks, of SpeechBrain's and sslsv's ECAPA-TDNN, of Resemblyzer's encoder, or of wav2vec 2.0, HuBERT and WavLM from transformers, fairseq or WavLM's authors " +
        '(whose speaker head is to be trained), as a .pt, .bin, .ckpt or .safetensors file, and writes a model folder that every command and ' +
        'recipe takes. A .pt file is read as data: nothing in it runs. Prints the licence: of the model card beside it, or that of its kind.',
    )
    .argument('<source>', 'folder of the model (weights and settings), or its file of weights')
    .requiredOption('--out <dir>', 'model folder to write')
    .addOption(choice(program, '--format <toolkit>', 'where it is from, if its files do not tell', FORMATS))
    .option(
      '--set <option=value>',
      'of an encoder: head, pooling, adapter, mhfaHeads, mhfaSize or embeddingSize of the head that it gets; may be repeated',
      collect,
      [],
    )
    .option('--json', 'print {name, weights, backbone, features, embeddingSize, numbers, licence}')
    .addHelpText(
      'after',
      `
Examples:
  voxloop import voxceleb_resnet34_LM/ --out resnet34
  voxloop import campplus_cn_common.bin --format 3d-speaker --out campplus
  voxloop import wavlm-base-plus/ --set head=mhfa --set adapter=64 --out wavlm
  voxloop import hubert_base_ls960.pt --out hubert                             # fairseq; WavLM-Base+.pt likewise
  voxloop import models/ssl/voxceleb2/dino/dino+_e-ecapa-1024 --out dino       # sslsv: config.yml, checkpoints/model_avg.pt
  voxloop embed --model resnet34 a.wav b.flac --out x.npy`,
    )
    .action(run);
}

async function run(source: string, { out, format, set, json }: ImportOptions): Promise<void> {
  const [{ importModel }, { keyValues }] = await Promise.all([
    import('../tools/import-model.js'),
    import('./options/key-values.js'),
  ]);
  const summary = await importModel(source, out, format, keyValues(set));
  const { name, backbone, embeddingSize, numbers, licence } = summary;
  const text = [
    `${out}: ${name} as ${backbone.name}, ${(numbers / 1e6).toFixed(2)} million numbers, embeddings of ${embeddingSize}`,
    `licence: ${licence}`,
  ];
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${text.join('\n')}\n`);
}
