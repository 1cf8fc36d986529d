import type { Command } from 'commander';
import { UserError } from '../../errors.js';
import { DEVICES, type Device } from '../options/model-options.js';
import { choice } from '../options/values.js';
import type { Missing } from './doctor-checks.js';

/** `voxloop doctor`: what this machine offers, what is missing and how to repair it. */
export function register(program: Command): void {
  program
    .command('doctor')
    .summary('show versions, device, memory, and missing parts')
    .description(
      'Shows versions, the TensorFlow library and the device that it really uses, cores, memory and cache, and each missing part ' +
        'with the command that installs it. The exit code is 2 when a required part is missing.',
    )
    .addOption(choice(program, '--device <device>', 'device to try; gpu fails where there is none', DEVICES, 'auto'))
    .option('--json', 'print the same as JSON')
    .action(async ({ device, json }: { device: Device; json?: boolean }) => {
      const [{ diagnose }, { diagnosisText }] = await Promise.all([
        import('./doctor-diagnosis.js'),
        import('./doctor-text.js'),
      ]);
      const diagnosis = await diagnose(device);
      process.stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : diagnosisText(diagnosis));
      if (!diagnosis.ok) throw new UserError(verdict(diagnosis.missing));
    });
}

function verdict(missing: readonly Missing[]): string {
  const required = missing
    .filter((part) => part.required)
    .map(({ what, why, fix }) => `${what}: ${why}. To repair it: ${fix}`);
  return `voxloop cannot run like this. ${required.join('\n')}`;
}
