import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temporary-folder.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where packages come from on this machine; everything else of the user's settings stays behind. */
const kept =
  /^(@[^:]+:)?registry$|proxy$|^(ca|cafile|cert|key|strict-ssl)$|^\/\/.*:_(auth|authToken|password)$|^\/\/.*:username$/;

/** An environment with npm's default settings. */
function defaultNpm(folder: string): NodeJS.ProcessEnv {
  const environment = Object.entries(process.env).filter(([name]) => {
    const setting = name
      .match(/^npm_config_(.*)$/i)?.[1]
      .toLowerCase()
      .replaceAll('_', '-');
    return setting === undefined ? !/^npm_(package|lifecycle|command|execpath)/.test(name) : kept.test(setting);
  });
  const userconfig = join(folder, 'npmrc');
  writeFileSync(userconfig, userRegistries());
  return { ...Object.fromEntries(environment), npm_config_userconfig: userconfig };
}

function userRegistries(): string {
  const file = execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8', cwd: root }).trim();
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => kept.test(line.split('=')[0].trim())).join('\n');
  } catch {
    return '';
  }
}

async function pack(folder: string): Promise<{ file: string; entries: string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  const report: unknown = JSON.parse(stdout);
  // Newer versions of npm print the reports by package name, older ones as a list.
  const [{ filename, files }] = Object.values(
    report as Record<string, { filename: string; files: { path: string }[] }>,
  );
  return { file: join(folder, filename), entries: files.map(({ path }) => path) };
}

export interface InstalledPackage {
  /** The folder it is installed in; holds nothing else. Its path needs care: a space, a percent sign, letters outside ASCII. */
  home: string;
  /** The files of the package. */
  entries: string[];
  /** Runs `npx voxloop ...` there; rejects with `code`, `stdout` and `stderr` when it fails. */
  npx(...args: string[]): Promise<{ stdout: string; stderr: string }>;
}

/** Packs the built tree and installs it into an empty folder, with npm's default settings. Takes half a minute. */
export async function installPackage(t: ExecutionContext): Promise<InstalledPackage> {
  const folder = temporaryFolder(t);
  const { file, entries } = await pack(folder);
  const home = join(folder, 'my app, 100% für Zoë');
  mkdirSync(home);
  const env = defaultNpm(folder);
  await run('npm', ['install', file], { cwd: home, env, maxBuffer: 2 ** 26 });
  const npx = (...args: string[]) => run('npx', ['--no-install', 'voxloop', ...args], { cwd: home, env });
  return { home, entries, npx };
}
