import type { Command } from 'commander';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { wholeNumber } from './options/model-options.js';

interface FbankCommandOptions {
  out: string;
  dither: string;
  cmn?: boolean;
  window: 'hamming' | 'povey';
  bins: number;
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  json?: boolean;
}

/** `voxloop fbank`: the features of one recording. */
export function register(program: Command): void {
  const choice = (flags: string, about: string, choices: string[]) =>
    program.createOption(flags, about).choices(choices).default(choices[0]);
  program
    .command('fbank')
    .summary('log mel filter-bank features of an audio file')
    .description(
      'Computes Kaldi-compatible log mel energies (25 ms frames every 10 ms, int16 scale, pre-emphasis 0.97, 20 Hz to 8 kHz) of ' +
        'an audio file (any format and rate that voxloop reads) and writes float32 [frames, bins].',
    )
    .argument('<file>', 'audio file')
    .requiredOption('--out <file>', '.npy file to write')
    .option('--dither <amount>', 'standard deviation of added noise, in int16 units', '0')
    .option('--cmn', "subtract each bin's mean over the recording")
    .addOption(choice('--window <shape>', 'analysis window', ['hamming', 'povey']))
    .option('--bins <n>', 'mel bins', wholeNumber(3), 80)
    .addOption(choice('--device <device>', 'gpu fails where there is none', ['auto', 'cpu', 'gpu']))
    .option('--threads <n>', 'threads of one operation; 0: all cores', wholeNumber(0), 0)
    .option('--json', 'print {frames, bins, seconds}')
    .action(fbank);
}

async function fbank(file: string, options: FbankCommandOptions): Promise<void> {
  const [{ loadMono16k }, { openSession }, { fbankOfRecording, subtractMeans }, { writeNpy }, errors] =
    await Promise.all([
      import('../audio/decode/decode.js'),
      import('../engine/session/session.js'),
      import('../audio/features/fbank-recording.js'),
      import('../io/npy.js'),
      import('../errors.js'),
    ]);
  const { out, bins, device, threads } = options;
  const definition = await fbankDefinition(options);
  const samples = await loadMono16k(file);
  const session = openSession({ device, threads });
  try {
    const { frames, data } = await fbankOfRecording(session, samples, definition).catch((error: unknown) => {
      throw error instanceof errors.UserError ? new errors.UserError(`${file}: ${error.message}`) : error;
    });
    if (options.cmn) subtractMeans(data, bins);
    writeNpy(out, [frames, bins], data);
    const summary = { frames, bins, seconds: samples.length / SAMPLE_RATE_HZ };
    process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : `${out}: ${frames} x ${bins}\n`);
  } finally {
    await session.close();
  }
}

async function fbankDefinition({ window, bins, dither }: FbankCommandOptions) {
  const [{ fbankOptions }, { UserError }] = await Promise.all([
    import('../audio/features/fbank-options.js'),
    import('../errors.js'),
  ]);
  const amount = dither.trim() === '' ? Number.NaN : Number(dither);
  if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
    throw new UserError(
      `--dither must be a number of at least 0 (int16 units; Kaldi's default is 1), not '${dither}'.`,
    );
  }
  return fbankOptions.parse({ window, bins, dither: amount });
}
