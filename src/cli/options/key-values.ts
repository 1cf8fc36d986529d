import { parseDocument } from 'yaml';
import { UserError } from '../../errors.js';

/** Options from `--set key=value` (or another flag), each value YAML: a number, a word, a map. @throws UserError for other text */
export function keyValues(settings: readonly string[], flag = '--set'): Record<string, unknown> {
  return Object.fromEntries(settings.map((text) => keyValue(text, flag)));
}

function keyValue(text: string, flag: string): [string, unknown] {
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new UserError(
      `${flag} ${text}: write it as option=value, such as ${flag} ${flag === '--set' ? 'linkage=ward' : 'bins=40'}`,
    );
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const [fault] = document.errors;
  if (fault) throw new UserError(`${flag} ${text}: the value is not YAML: ${fault.message}`);
  return [text.slice(0, equals), document.toJS()];
}
