import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './cache-folder.js';

/** Options of one pip configuration file: section -> option (lower case, dashes) -> value; lines of a value are kept. */
export type PipFile = Record<string, Record<string, string>>;

/** Reads the ini dialect that pip reads: `key = value` or `key: value`, `#` and `;` comments, indented continuation lines. */
export function parsePipFile(text: string): PipFile {
  const file: PipFile = {};
  let section: Record<string, string> | undefined;
  let option: string | undefined;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header) {
      section = file[header[1]!] ??= {};
      option = undefined;
    } else if (/^\s/.test(line) && section && option) {
      section[option] = `${section[option]}\n${line.trim()}`.trim();
    } else if (section) {
      const [, key, value] = /^\s*([^=:]+?)\s*(?:[=:]\s*(.*))?$/.exec(line) ?? [];
      option = key?.toLowerCase().replaceAll('_', '-').replace(/^--/, '');
      if (option) section[option] = (value ?? '').trim();
    }
  }
  return file;
}

/** pip's configuration files, weakest first. A file named by PIP_CONFIG_FILE takes the place of the user's own. */
export function pipConfigFiles(env: Environment, system: string = process.platform): string[] {
  const home = env.HOME || homedir();
  const named = env.PIP_CONFIG_FILE;
  if (named === '/dev/null') return [];
  const shared = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').map((dir) => join(dir, 'pip'));
  const everyone =
    system === 'darwin' ? ['/Library/Application Support/pip'] : [...shared.filter((dir) => dir !== 'pip'), '/etc'];
  const support = join(home, 'Library', 'Application Support', 'pip');
  const xdg = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pip');
  const userFolders = [join(home, '.pip'), system === 'darwin' && existsSync(support) ? support : xdg];
  const user = named && existsSync(named) ? [] : userFolders;
  const site = env.VIRTUAL_ENV ? [env.VIRTUAL_ENV] : [];
  const files = [...everyone, ...user, ...site].map((dir) => join(dir, 'pip.conf'));
  return named ? [...files, named] : files;
}

/**
 * pip's options as a `pip install` would see them: configuration files, weakest first, their [global] then their [install]
 * sections, then PIP_* variables. Files that cannot be read are passed over.
 */
export function readPipOptions(env: Environment, system: string = process.platform): Record<string, string> {
  const files = pipConfigFiles(env, system).map((path) => parsePipFile(readText(path)));
  const sections = ['global', 'install'].flatMap((name) => files.map((file) => file[name] ?? {}));
  const variables = Object.entries(env)
    .filter(([name, value]) => name.startsWith('PIP_') && value)
    .map(([name, value]) => [name.slice('PIP_'.length).toLowerCase().replaceAll('_', '-'), value as string]);
  return Object.assign({}, ...sections, Object.fromEntries(variables));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
