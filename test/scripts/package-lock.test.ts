import { readFileSync } from 'node:fs';
import test from 'ava';

interface LockedPackage {
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'));
const packages = Object.entries(lock.packages as Record<string, LockedPackage>);

/** The folders in which Node looks for a dependency of the package at `path`, nearest first. */
function candidates(path: string, name: string): string[] {
  const folders = path
    .split('/node_modules/')
    .map((_, depth, parts) => parts.slice(0, parts.length - depth).join('/node_modules/'));
  const nested = path === '' ? [] : folders.map((folder) => `${folder}/node_modules/${name}`);
  return [...nested, `node_modules/${name}`];
}

test("every dependency of every package is locked, the optional ones for other platforms' too", (t) => {
  const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !candidates(path, name).some((candidate) => candidate in lock.packages))
      .map((name) => `${name}, of ${path}`),
  );
  t.deepEqual(missing, []);
});

test('every package has a checksum, and no address but that of the public registry', (t) => {
  const installed = packages.filter(([path]) => path !== '');
  t.deepEqual(
    installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path),
    [],
  );
  const foreign = installed.filter(
    ([, { resolved }]) => !(resolved ?? 'https://registry.npmjs.org/').startsWith('https://registry.npmjs.org/'),
  );
  t.deepEqual(
    foreign.map(([path, { resolved }]) => `${path}: ${resolved}`),
    [],
  );
});
