import { Command, CommanderError, Help, type Option } from 'commander';
import { codeOf, messageOf, UserError } from '../errors.js';
import { writeError } from '../io/write-error.js';
import { Interrupted } from '../pipeline/run/interrupt.js';
import { voxloopVersion } from '../pipeline/run/version.js';
import { commands } from './commands.js';
import { guardInputs } from './options/output-files.js';
import { dashAdvice, helpArguments, pointToHelp, tellUnknownFirst } from './usage.js';

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
    const program = createProgram();
    const asked = helpArguments(program, args);
    tellUnknownFirst(program, asked);
    await program.parseAsync(asked, { from: 'user' });
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
  pointToHelp(program);
  return program;
}

const standardHelp = new Help();

/** Leaves out "(default: [])" behind options that may be repeated, and says which must be given. */
function optionDescription(option: Option): string {
  const isEmptyList = Array.isArray(option.defaultValue) && option.defaultValue.length === 0;
  const description = isEmptyList ? option.description : standardHelp.optionDescription(option);
  return option.mandatory && option.defaultValue === undefined ? `${description} (required)` : description;
}

/** Prints what went wrong for the user; returns the exit code. */
function report(error: unknown): number {
  // Commander has printed its message already; its own code for wrong usage is 1.
  if (error instanceof CommanderError) {
    const advice = dashAdvice(error);
    if (advice) process.stderr.write(`${advice}\n`);
    return error.exitCode === 0 ? 0 : 2;
  }
  const fault = isOfPrinting(error) ? writeError('what is printed here', error) : error;
  if (fault instanceof UserError || fault instanceof Interrupted) {
    process.stderr.write(`${fault.message}\n`);
    return fault.exitCode;
  }
  const stack = fault instanceof Error && fault.stack ? fault.stack : messageOf(fault);
  process.stderr.write(`${stack}\nThis is a fault in voxloop (${voxloopVersion()}, Node ${process.versions.node}).\n`);
  return 1;
}

/** A disk that was full for a write without a file's name: files are written by functions that name theirs, so it was standard output. */
const isOfPrinting = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '') && !(error as NodeJS.ErrnoException).path;

/** `voxloop ... | head` closes the pipe early, which is not an error. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
