import type { Command } from 'commander';
import { UserError } from '../../errors.js';

export const DEVICES = ['auto', 'cpu', 'gpu'] as const;

/** `voxloop doctor`: what this machine offers, what is missing and how to mend it. */
export function register(program: Command): void {
  program
    .command('doctor')
    .summary('show versions, device, memory, and what is missing')
    .description(
      'Shows versions, the TensorFlow library and the device that it really uses, cores, memory and cache, and what is ' +
        'missing with the command that mends it. Exit code 2 when something that voxloop cannot do without is missing.',
    )
    .option('--device <device>', 'device to try: auto, cpu or gpu; gpu fails when there is none to use', 'auto')
    .option('--json', 'print the same as JSON')
    .action(async ({ device, json }: { device: string; json?: boolean }) => {
      const asked = DEVICES.find((name) => name === device);
      if (!asked) throw new UserError(`--device ${device} is not one of ${DEVICES.join(', ')}.`);
      const [{ diagnose }, { diagnosisText }] = await Promise.all([
        import('./doctor-diagnosis.js'),
        import('./doctor-text.js'),
      ]);
      const diagnosis = await diagnose(asked);
      process.stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : diagnosisText(diagnosis));
      if (!diagnosis.ok) throw new UserError(verdict(diagnosis.missing));
    });
}

function verdict(missing: { what: string; why: string; fix: string; required: boolean }[]): string {
  const first = missing
    .filter(({ required }) => required)
    .map(({ what, why, fix }) => `${what}: ${why}. To mend it: ${fix}`);
  return `voxloop cannot work as asked. ${first.join('\n')}`;
}
