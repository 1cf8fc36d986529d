import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Artifact } from '../../plugin/stage.js';

const result = z.object({ path: z.string().nullable() });

/** Folder of the bank of a noises artifact: its own, or the one it was pointed at. */
export function bankDir(artifact: Pick<Artifact, 'dir' | 'result'>): string {
  const { path } = result.parse(artifact.result);
  return path === null ? join(artifact.dir, 'bank') : resolve(path);
}
