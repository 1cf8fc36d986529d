import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The result of a command. */
export interface Finished {
  code: number | null;
  /** Standard output and standard error, line by line, as they came. */
  lines: string[];
}

/**
 * Runs a program without a shell, in the C locale, and waits for its end.
 * @param onLine called with each line of output as it comes
 * @throws the system's error when the program cannot be started, the signal's reason when it aborts
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string; signal?: AbortSignal; onLine?: (line: string) => void } = {},
): Promise<Finished> {
  options.signal?.throwIfAborted();
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      options.onLine?.(line);
    });
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return { code, lines };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  }
}
