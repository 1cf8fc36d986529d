import type { Command } from 'commander';
import { seconds } from '../options/values.js';
import { addCommonFlags } from './build-command.js';

const SHARDED = `
Audio is decoded once, into shards/ of 16-bit samples at 16 kHz; nothing is copied. After an interruption the same command
goes on where it stopped. Recordings that cannot be used are left out, counted and listed in skipped.tsv.
`;

/** A `voxloop corpus` command whose audio goes straight into shards. */
export function shardedCommand(corpus: Command, name: string): Command {
  return addCommonFlags(corpus.command(name))
    .option('--min-seconds <s>', 'leave out training recordings shorter than this', seconds)
    .addHelpText('after', SHARDED);
}
