import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import { type ListResult, listResult } from '../../eval/detection/figures.js';
import { readError } from '../../io/read-file.js';

const results = z.looseObject({
  systems: z.array(z.looseObject({ name: z.string(), lists: z.record(z.string(), listResult) })),
});

/** A system's figures, by trial list. */
export interface SystemFigures {
  system: string;
  lists: Record<string, ListResult>;
}

/**
 * The figures of a system in the results.json of a run.
 * @param system its name; it may be left out where the file holds one only
 * @throws UserError for another file, and where it holds no such system, or several and none is named
 */
export function figuresOf(path: string, system?: string): SystemFigures {
  const systems = systemsIn(path);
  const names = systems.map(({ name }) => `'${name}'`).join(', ');
  const found = systems.filter(({ name }) => system === undefined || name === system);
  if (found.length === 1) return { system: found[0].name, lists: found[0].lists };
  if (found.length === 0) throw new UserError(`${path} has no system '${system ?? ''}'. It has: ${names || 'none'}.`);
  const called = system === undefined ? '' : ` called '${system}'`;
  throw new UserError(
    `${path} has ${found.length} systems${called}. Say whose figures are the model's with --system: ${names}.`,
  );
}

/** The systems of a results.json. @throws UserError for another file */
export function systemsIn(path: string): z.output<typeof results>['systems'] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw readError(path, error);
  }
  try {
    return results.parse(JSON.parse(text)).systems;
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(`${path} is not the results.json of a run: ${reason}`);
  }
}
