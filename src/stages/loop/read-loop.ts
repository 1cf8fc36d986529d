import { join } from 'node:path';
import { z } from 'zod';
import type { Artifact } from '../../plugin/stage.js';
import type { Rounds } from '../../report/report.js';

const looped = z.object({
  selected: z.number(),
  rounds: z.array(
    z.object({
      ...{ round: z.number(), folder: z.string(), training: z.json(), clusters: z.number() },
      ...{ kept: z.number(), corrected: z.number(), agreement: z.number(), cropEer: z.number() },
      ...{ nmi: z.number().nullable(), purity: z.number().nullable(), eer: z.record(z.string(), z.number()) },
    }),
  ),
});

interface Training {
  name: string;
  artifact: Artifact;
}

/** The rounds of a loop, for the report; undefined for another stage's artifact. */
export function roundsOf({ name, artifact }: Training): Rounds | undefined {
  return artifact.stage === 'loop' ? { title: name, ...looped.parse(artifact.result) } : undefined;
}

/** The trainings that a training artifact consists of: a loop's rounds, or itself. */
export function trainingsOf({ name, artifact }: Training): Training[] {
  if (artifact.stage !== 'loop') return [{ name, artifact }];
  return looped.parse(artifact.result).rounds.map(({ round, folder, training }) => ({
    name: `${name}, round ${round}`,
    artifact: { dir: join(artifact.dir, folder), stage: 'finetune', result: training, seconds: 0 },
  }));
}
