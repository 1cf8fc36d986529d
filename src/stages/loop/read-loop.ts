import { z } from 'zod';
import type { Artifact } from '../../pipeline/stage.js';
import { readRecord, stageFolder } from '../../pipeline/stage-folder.js';
import type { Rounds } from '../../report/report.js';

const looped = z.object({
  selected: z.number(),
  rounds: z.array(
    z.object({
      ...{ round: z.number(), network: z.string(), clusters: z.number() },
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
  return looped.parse(artifact.result).rounds.map(({ round, network }) => {
    const dir = stageFolder(artifact.dir, network);
    const { result = null, seconds = 0 } = readRecord(dir) ?? {};
    return { name: `${name}, round ${round}`, artifact: { dir, stage: 'finetune', result, seconds } };
  });
}
