import { existsSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import { withFile } from '../../io/read-file.js';

const LARGEST_CONFIG = 1 << 20;

/** The content of a YAML or JSON file of settings; undefined where there is none. Tags in it stand for nothing. */
export function readConfig(path: string): unknown {
  if (!existsSync(path)) return undefined;
  const text = withFile(path, (file) => {
    if (file.bytes > LARGEST_CONFIG) throw new UserError(`${path} has ${file.bytes} bytes, too many for settings.`);
    return Buffer.from(file.read(0, file.bytes)).toString('utf8');
  });
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  const [fault] = document.errors;
  if (fault) throw new UserError(`${path} is not YAML: ${fault.message}`);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UserError(`${path} cannot be used: ${messageOf(error)}`);
  }
}

/** Settings in the form that a source needs. @throws UserError that lists what is otherwise */
export function parseConfig<T extends z.ZodType>(path: string, schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(`${path} describes a model that cannot be imported:\n${z.prettifyError(parsed.error)}`);
}
