import { statSync } from 'node:fs';
import { join } from 'node:path';
import { loadMono16k } from '../../audio/decode/decode.js';
import { audioExtensions } from '../../audio/decode/formats.js';
import { listRecordings } from '../../data/corpus/recordings.js';
import { UserError } from '../../errors.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { batchFor, clustersFor, LEAST_RECORDINGS, type Material, widthFor } from './sizes.js';

/** Recordings that are decoded to guess the length of all. */
const HEARD = 20;

/** The recordings of a folder. @throws UserError when there is no such folder, none in it, or too few to learn from */
export function recordingsToLearn(folder: string) {
  const recordings = listRecordings(folder, audioExtensions);
  const { length } = recordings.files;
  if (length < LEAST_RECORDINGS) throw tooFew(folder, `${length} recording${length === 1 ? '' : 's'}`);
  return recordings;
}

/** The fault of a folder that does not hold enough. */
export const tooFew = (folder: string, what: string): UserError =>
  new UserError(
    `${folder} holds ${what}, and voices are learnt by telling each recording from many others. ` +
      `Give at least ${LEAST_RECORDINGS}; long recordings may be cut into pieces of some seconds.`,
  );

/** Says what `voxloop learn` would do. Some recordings are decoded, and nothing is written. */
export async function describeDryRun(folder: string, { out, hours }: { out: string; hours: number }): Promise<string> {
  const { root, files } = recordingsToLearn(folder);
  const material = await guessMaterial([...files].map((file) => join(root, file)));
  const { from, to } = clustersFor(material);
  return [
    `${material.recordings} recordings in ${root}, about ${(material.seconds / 3600).toFixed(2)} hours (guessed from ${HEARD} of them)`,
    `would train a TDNN of ${widthFor(material)} channels on batches of ${batchFor(material)} utterances, choose among ${from} to ${to} clusters,`,
    `and train on them, all within about ${hours} h after decoding and filtering; how many steps that is, is measured first`,
    `into ${out}: the model in ${join(out, 'stages', 'voices', 'model')}, report.html, results.json, recipe.yaml`,
  ].join('\n');
}

/** The length of all recordings, from some of them: their seconds by their bytes. */
async function guessMaterial(paths: readonly string[]): Promise<Material> {
  const every = Math.max(1, Math.floor(paths.length / HEARD));
  const heard = paths.filter((_, i) => i % every === 0).slice(0, HEARD);
  let [seconds, bytes] = [0, 0];
  for (const path of heard) {
    try {
      seconds += (await loadMono16k(path)).length / SAMPLE_RATE_HZ;
      bytes += statSync(path).size;
    } catch (error) {
      // What cannot be read would be left out.
      if (!(error instanceof UserError)) throw error;
    }
  }
  const total = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  return { recordings: paths.length, seconds: bytes === 0 ? 0 : (seconds * total) / bytes };
}
