import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../io/atomic.js';
import { type LoopRound, loopRound } from '../../report/report.js';
import { bestRound } from './judge-rounds.js';

const recorded = z.array(loopRound);

/** Path of the record of a loop's rounds, in its folder: a JSON line for each that is done. */
export const roundsPath = (dir: string): string => join(dir, 'rounds.jsonl');

/** Writes down the rounds that are done, for whoever looks on; the loop itself resumes by its inner stages. */
export function recordRounds(dir: string, rounds: readonly LoopRound[]): void {
  const lines = recorded.parse(rounds).map((round) => `${JSON.stringify(round)}\n`);
  writeFileAtomic(roundsPath(dir), lines.join(''));
}

/** The rounds that are done, and which of them is the best so far; undefined before the first. */
export function readRounds(dir: string): { rounds: LoopRound[]; selected: number } | undefined {
  if (!existsSync(roundsPath(dir))) return undefined;
  const lines = readFileSync(roundsPath(dir), 'utf8').split('\n').filter(Boolean);
  const rounds = recorded.parse(lines.map((line) => JSON.parse(line)));
  return { rounds, selected: rounds[bestRound(rounds)].round };
}
