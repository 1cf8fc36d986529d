import type { Command } from 'commander';
import { wholeNumber } from './options/values.js';

const AFTER = `
The page shows how far the run is, losses, teacher entropy, the gate, rounds and the state of every stage, and follows the run by itself.
Only this machine can open it. Ctrl-C ends it; the run does not notice. For TensorBoard: \`tensorboard --logdir RUN/tensorboard\`.
`;

/** `voxloop watch RUN`: a page that shows a run as it goes. */
export function register(program: Command): void {
  program
    .command('watch')
    .summary('show a run as it goes, on a page of this machine')
    .description(
      'Serves a page of a run, on this machine alone: a run that goes on, one that was stopped or has failed, or a finished one.',
    )
    .argument('<run>', 'folder of a run, e.g. runs/demo')
    .option('--port <n>', 'port of the page; 0 is any that is free', wholeNumber(0, 65_535), 0)
    .addHelpText('after', AFTER)
    .action(watchCommand);
}

async function watchCommand(dir: string, { port }: { port: number }): Promise<void> {
  const { serveWatch } = await import('../follow/watch/serve.js');
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const { url, close } = await serveWatch({ dir, port, log });
  process.stdout.write(`${dir} is shown at ${url}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await close();
}
