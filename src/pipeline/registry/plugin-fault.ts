import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { transform } from 'sucrase';
import { codeOf, messageOf } from '../../errors.js';

interface Place {
  path: string;
  line: number;
}

/** A sentence about why a plugin file could not be imported, with the line if it is known. */
export function describeLoadFault(file: string, path: string, error: unknown): string {
  if (codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION' && messageOf(error).endsWith(path))
    return `${file}: this plugin cannot be loaded: a plugin is a .ts, .js or .mjs file.`;
  const at = placeOf(error, path);
  const place = at === undefined ? file : `${at.path === path ? file : at.path}:${at.line}`;
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  const message = messageOf(error)
    .replace(/^Error transforming .*?: /, '')
    .replace(/ \(\d+:\d+\)$/, '');
  return `${place}: this plugin cannot be loaded: ${name}${message}`;
}

function placeOf(error: unknown, path: string): Place | undefined {
  if (!(error instanceof Error)) return undefined;
  return (
    fromTypescriptParser(error.message) ??
    fromHead(error.stack) ??
    fromFrames(error.stack, path) ??
    (error instanceof SyntaxError ? fromScript(path) : undefined)
  );
}

function fromTypescriptParser(message: string): Place | undefined {
  const match = message.match(/^Error transforming (.*?): .*\((\d+):\d+\)$/s);
  return match ? { path: match[1], line: Number(match[2]) } : undefined;
}

/** Some syntax errors carry `file:line` before everything else. */
function fromHead(stack = ''): Place | undefined {
  const match = stack.match(/^(file:\/\/\S+|\/\S+|[A-Za-z]:\\\S+):(\d+)\n/);
  if (!match) return undefined;
  return { path: match[1].startsWith('file:') ? fileURLToPath(match[1]) : match[1], line: Number(match[2]) };
}

function fromFrames(stack = '', path: string): Place | undefined {
  for (const prefix of [pathToFileURL(path).href, path]) {
    const at = stack.indexOf(`${prefix}:`);
    const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + prefix.length + 1), 10);
    if (line > 0) return { path, line };
  }
  return undefined;
}

/** Node does not report the place of a module's syntax error, but does that of a script's. */
function fromScript(path: string): Place | undefined {
  try {
    const { code } = transform(readFileSync(path, 'utf8'), { transforms: ['typescript', 'imports'] });
    new Script(`(async function () { ${code}\n})`, { filename: path });
  } catch (error) {
    if (error instanceof SyntaxError) return fromHead(error.stack);
  }
  return undefined;
}
