import { UserError } from '../../errors.js';
import type { Classifier } from '../../train/classifier/classifier-file.js';
import type { FinetuneOptions } from './options.js';

/** Speakers that the labels tell apart, and speeds of each; a classifier that is kept may know more of both, and not less. */
export function countClasses(
  labels: Int32Array,
  options: Pick<FinetuneOptions, 'speeds' | 'clusters'>,
  classifier: Pick<Classifier, 'info' | 'dir'> | undefined,
  instead = 'classifier: new',
): { speakers: number; speeds: number } {
  refuseOneClass(labels, options.clusters);
  const speakers = 1 + labels.reduce((a, b) => Math.max(a, b), -1);
  const speeds = options.speeds.length;
  if (!classifier) return { speakers, speeds };
  const { info, dir } = classifier;
  if (speakers <= info.speakers && speeds <= info.speeds) return info;
  throw new UserError(
    `The classifier of ${dir} knows ${info.speakers} speakers at ${info.speeds} speeds, and there are ${speakers} at ${speeds}. ` +
      `Give the labels and speeds it was trained on, or ${instead}.`,
  );
}

/** Of one class a network learns nothing: every answer is right. */
function refuseOneClass(labels: Int32Array, clusters: string): void {
  const classes = new Set(labels.filter((label) => label >= 0)).size;
  if (classes > 1) return;
  throw new UserError(
    `The labels of '${clusters}' name ${classes === 1 ? 'one class only' : 'no class'}, of which nothing can be learned. Ask the ` +
      'clustering for more clusters, or for other distances.',
  );
}
