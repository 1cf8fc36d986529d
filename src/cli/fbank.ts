import type { Command } from 'commander';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { addDeviceOptions, type DeviceOptions } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { choice, decimal, wholeNumber } from './options/values.js';

interface FbankCommandOptions extends DeviceOptions {
  out: string;
  dither: number;
  cmn?: boolean;
  window: 'hamming' | 'povey';
  bins: number;
  json?: boolean;
}

/** `voxloop fbank`: the features of one recording. */
export function register(program: Command): void {
  const command = program
    .command('fbank')
    .summary('log mel filter-bank features of an audio file')
    .description(
      'Computes Kaldi-compatible log mel energies (25 ms frames every 10 ms, int16 scale, pre-emphasis 0.97, 20 Hz to 8 kHz) of ' +
        'an audio file (any format and rate that voxloop reads) and writes float32 [frames, bins].',
    )
    .argument('<file>', 'audio file')
    .addOption(outputOption(program, '--out <file>', '.npy file to write').makeOptionMandatory())
    .option(
      '--dither <amount>',
      "standard deviation of added noise, in int16 units; Kaldi's default is 1",
      decimal('a number of at least 0', (value) => value >= 0),
      0,
    )
    .option('--cmn', "subtract each bin's mean over the recording")
    .addOption(choice(program, '--window <shape>', 'analysis window', ['hamming', 'povey'], 'hamming'))
    .option('--bins <n>', 'mel bins', wholeNumber(3), 80);
  addDeviceOptions(command).option('--json', 'print {frames, bins, seconds}').action(fbank);
}

async function fbank(file: string, options: FbankCommandOptions): Promise<void> {
  const [{ loadMono16k }, { openSession }, { fbankOfRecording }, { subtractMeans }, { fbankOptions }] =
    await Promise.all([
      import('../audio/decode/decode.js'),
      import('../engine/session/session.js'),
      import('../audio/features/fbank-recording.js'),
      import('../audio/features/subtract-means.js'),
      import('../audio/features/fbank-options.js'),
    ]);
  const [{ writeNpy }, { UserError }] = await Promise.all([import('../io/npy.js'), import('../errors.js')]);
  const { out, window, bins, dither, device, threads } = options;
  const definition = fbankOptions.parse({ window, bins, dither });
  const samples = await loadMono16k(file);
  const session = openSession({ device, threads });
  try {
    const { frames, data } = await fbankOfRecording(session, samples, definition).catch((error: unknown) => {
      throw error instanceof UserError ? new UserError(`${file}: ${error.message}`) : error;
    });
    if (options.cmn) subtractMeans(data, bins);
    writeNpy(out, [frames, bins], data);
    const summary = { frames, bins, seconds: samples.length / SAMPLE_RATE_HZ };
    process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : `${out}: ${frames} x ${bins}\n`);
  } finally {
    await session.close();
  }
}
