import { dirname, join } from 'node:path';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';
import type { Rounds } from '../../report/report.js';
import loop from '../loop/loop.js';
import { roundResult } from '../loop/round.js';

/** A training whose curves are shown. */
export interface Training {
  name: string;
  artifact: Artifact;
}

/** A round as results.json has it: the artifact's name means nothing outside the loop. */
const reported = loop.result.pick({ selected: true }).extend({ rounds: roundResult.omit({ network: true }).array() });

/** The rounds of a loop, for the report; undefined for another stage's artifact. */
export function roundsOf({ name, artifact }: Training): Rounds | undefined {
  return artifact.stage === 'loop' ? { title: name, ...readResult(artifact, reported) } : undefined;
}

/** The trainings that a training artifact consists of: a loop's rounds, or itself. */
export function trainingsOf({ name, artifact }: Training): Training[] {
  if (artifact.stage !== 'loop') return [{ name, artifact }];
  return readResult(artifact, reported).rounds.map(({ round, folder, training }) => ({
    name: `${name}, round ${round}`,
    artifact: { dir: join(artifact.dir, folder), stage: 'finetune', result: training, seconds: 0 },
  }));
}

/** The folder of the pseudo-labels that the network which a loop kept leads to; undefined for another stage's artifact. */
export function labelsOf({ artifact }: Training): Pick<Artifact, 'dir'> | undefined {
  if (artifact.stage !== 'loop') return undefined;
  const { selected, rounds } = readResult(artifact, reported);
  const { folder } = rounds.find(({ round }) => round === selected)!;
  return { dir: join(artifact.dir, dirname(folder), `clusters-${selected + 1}`) };
}
