import { parseDocument } from 'yaml';
import { UserError } from '../../errors.js';

/** Options from `--set key=value`, each value YAML: a number, a word, a map. @throws UserError for other text */
export function keyValues(settings: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(settings.map(keyValue));
}

function keyValue(text: string): [string, unknown] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UserError(`--set ${text}: write it as option=value, such as --set linkage=ward`);
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const [fault] = document.errors;
  if (fault) throw new UserError(`--set ${text}: the value is not YAML: ${fault.message}`);
  return [text.slice(0, equals), document.toJS()];
}
