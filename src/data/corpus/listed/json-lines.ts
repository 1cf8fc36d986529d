import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { codeOf, messageOf, UserError } from '../../../errors.js';
import { readLinesOf } from '../../../io/lines.js';
import { readError } from '../../../io/read-file.js';

/** A line's object, and where it stands: `PATH:LINE`. */
export interface JsonLine<T> {
  place: string;
  value: T;
}

/**
 * The objects of a file of JSON lines, unpacked where its name ends in .gz; empty lines are passed over.
 * @throws UserError with the number of a line that is no JSON, or has another form; for a damaged file
 */
export async function* readJsonLines<T extends z.ZodType>(
  path: string,
  schema: T,
): AsyncGenerator<JsonLine<z.output<T>>> {
  let line = 0;
  for await (const text of readLinesOf(bytesOf(path), path)) {
    line++;
    if (text.trim() === '') continue;
    yield { place: `${path}:${line}`, value: parsed(`${path}:${line}`, schema, text) };
  }
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  try {
    if (!path.endsWith('.gz')) yield* file;
    else {
      const unpacked = createGunzip();
      // A pipe passes no errors on.
      file.on('error', (error) => unpacked.destroy(error));
      yield* file.pipe(unpacked);
    }
  } catch (error) {
    if (/^Z_/.test(codeOf(error) ?? ''))
      throw new UserError(`${path} is a damaged gzip file (${messageOf(error)}). Copy or download it again.`);
    throw readError(path, error);
  } finally {
    file.destroy();
  }
}

function parsed<T extends z.ZodType>(place: string, schema: T, text: string): z.output<T> {
  try {
    return parseObject(place, schema, JSON.parse(text));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${place}: the line is not JSON (${messageOf(error)}).`);
  }
}

/** An object in the form that is needed. @throws UserError that names every field that is otherwise */
export function parseObject<T extends z.ZodType>(place: string, schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`);
  throw new UserError(`${place}: ${faults.join('; ')}.`);
}

/** A name, which some lists write as a number. */
export const nameField = z.union([z.string().min(1), z.number()]).transform(String);
