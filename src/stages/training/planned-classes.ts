import { z } from 'zod';
import type { SketchContext } from '../../plugin/stage.js';

/** The default number of classes. */
const ASSUMED_CLASSES = 1000;
/** A number, or the largest of a range. */
const clusterCount = z.union([z.number(), z.object({ to: z.number() }).transform(({ to }) => to)]);
/** Options of a stage that makes labels: of utterances by clustering, or of frames. */
const labelOptions = z.union([
  z
    .object({ algorithm: z.object({ options: z.object({ clusters: clusterCount }) }) })
    .transform(({ algorithm }) => algorithm.options.clusters),
  z.object({ units: z.number() }).transform(({ units }) => units),
]);

/** Number of classes to assume before anything has run: `--classes`, else the option of the stage of that name, else a default that is reported. */
export function plannedClasses(
  { classes, options }: SketchContext,
  labels: string | undefined,
): { classes: number; assumed: string[] } {
  if (classes !== undefined) return { classes, assumed: [`${classes} classes, as given`] };
  const known = labels === undefined ? undefined : labelOptions.safeParse(options(labels)).data;
  if (known !== undefined) return { classes: known, assumed: [`${known} classes, the clusters of '${labels}'`] };
  return { classes: ASSUMED_CLASSES, assumed: [`${ASSUMED_CLASSES} classes; --classes says otherwise`] };
}
