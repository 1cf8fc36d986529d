import { Command, CommanderError, Help, type Option } from 'commander';
import { messageOf, UserError } from '../errors.js';
import { Interrupted } from '../pipeline/run/interrupt.js';
import { voxloopVersion } from '../pipeline/run/version.js';
import { commands } from './commands.js';
import { guardInputs } from './options/output-files.js';

/**
 * Runs the command line and sets the exit code: 0 done, 1 a fault of voxloop, 2 something the user can put right, 130 stopped.
 * The process then ends by itself, when everything it opened is closed.
 */
export async function main(args: readonly string[]): Promise<void> {
  surviveClosedPipes();
  process.on('uncaughtException', (error) => {
    process.exit(report(error));
  });
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

function createProgram(): Command {
  const program = new Command('voxloop')
    .description('Self-supervised speaker embeddings: pretrain, cluster, fine-tune, evaluate.')
    .version(voxloopVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ sortSubcommands: false, optionDescription })
    .showSuggestionAfterError()
    // A command's own options come after its name: so `setup --version X` is not the program's --version.
    .enablePositionalOptions()
    .exitOverride()
    .hook('preAction', (_, command) => guardInputs(command));
  for (const register of commands) register(program);
  return program;
}

const standardHelp = new Help();

/** Leaves out "(default: [])" behind options that may be repeated. */
function optionDescription(option: Option): string {
  const isEmptyList = Array.isArray(option.defaultValue) && option.defaultValue.length === 0;
  return isEmptyList ? option.description : standardHelp.optionDescription(option);
}

/** Prints what went wrong for the user; returns the exit code. */
function report(error: unknown): number {
  // Commander has printed its message already; its own code for wrong usage is 1.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError || error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error && error.stack ? error.stack : messageOf(error);
  process.stderr.write(`${stack}\nThis is a fault in voxloop (${voxloopVersion()}, Node ${process.versions.node}).\n`);
  return 1;
}

/** `voxloop ... | head` closes the pipe early, which is not an error. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
