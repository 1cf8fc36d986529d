import { join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import type { Artifact } from './stage.js';

/**
 * Reads the result of a stage by its schema, or by that of the kind of artifact it produces.
 * @throws UserError naming the first field that the schema refuses
 */
export function readResult<R extends z.ZodType>(
  { dir, result }: Pick<Artifact, 'dir' | 'result'>,
  schema: R,
): z.output<R> {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null)?.[key], result);
  throw new UserError(
    `${join(dir, 'stage.json')}: ${['result', ...issue.path].join('.')} ${describeIssue(issue, value)}. ` +
      'Do the stage again with --force-stage, or correct what it returns.',
  );
}
