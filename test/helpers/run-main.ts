import { main } from '../../src/cli/main.js';
import { forgetInputs } from '../../src/io/inputs.js';
import type { Outcome } from './run-cli.js';

/** One call at a time: the working directory, the environment and what is printed are those of the whole process. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command line in this process, for tests of what it says and writes: a process for each of many command lines would start Node,
 * and TensorFlow, for each. `runCli` is for signals, pipes and what a process loads. Tests beside it in a file start no processes of their
 * own while `env` is changed: make them serial.
 */
export function runMain(
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const outcome = last.then(() => called(args, cwd, env));
  last = outcome.catch(() => {});
  return outcome;
}

async function called(args: readonly string[], cwd: string | undefined, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [home, variables] = [process.cwd(), { ...process.env }];
  const release = [listenersOf(process), listenersOf(process.stdout), listenersOf(process.stderr)];
  const [stdout, stderr] = [printed(process.stdout), printed(process.stderr)];
  try {
    if (cwd) process.chdir(cwd);
    Object.assign(process.env, env);
    await main(args);
    return { code: Number(process.exitCode ?? 0), stdout: stdout.end(), stderr: stderr.end() };
  } finally {
    for (const end of [stdout.end, stderr.end, ...release]) end();
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, variables);
    process.exitCode = undefined;
    process.chdir(home);
    forgetInputs();
  }
}

/** Keeps what is written to a stream to itself, until `end` gives it back. */
function printed(stream: NodeJS.WriteStream): { end: () => string } {
  const { write } = stream;
  let text = '';
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  }) as typeof write;
  return {
    end() {
      stream.write = write;
      return text;
    },
  };
}

/** Remembers who listens; the function that is returned takes off whoever came since. */
function listenersOf(emitter: NodeJS.EventEmitter): () => void {
  const names = ['error', 'uncaughtException'];
  const before = new Map(names.map((name) => [name, new Set(emitter.listeners(name))]));
  return () => {
    for (const [name, known] of before)
      for (const listener of emitter.listeners(name))
        if (!known.has(listener)) emitter.removeListener(name, listener as () => void);
  };
}
