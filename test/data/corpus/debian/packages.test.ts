import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { debianLicenses } from '../../../../src/data/corpus/debian/licenses.js';
import {
  debianAvailable,
  explainFailure,
  fetchPackages,
  unpackPackages,
} from '../../../../src/data/corpus/debian/packages.js';
import { UserError } from '../../../../src/errors.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

test('a failure of apt is explained in one sentence, with the next step', (t) => {
  const unreachable = "Err:1 http://mirror/debian stable InRelease Could not resolve 'mirror'";
  const cases: [string[], string[], RegExp][] = [
    [
      [unreachable],
      ['E: Unable to locate package x'],
      /could not reach the package servers: .*resolve.*Check the network/,
    ],
    [[], ['E: Failed to fetch http://mirror/x.deb 404'], /could not reach the package servers: E: Failed to fetch/],
    [[], ['E: Unable to locate package x'], /sources lack a package: E: Unable to locate package x .*universe/],
    [[], ['E: Write error - write (28: No space left on device)'], /The disk filled up .* Free some space/],
    [[unreachable], ['E: No space left on device'], /The disk filled up/],
    [[], ['Reading', 'E: something else'], /apt-get download failed: E: something else Repair/],
    [[], ['no line that', 'looks like an error'], /apt-get download failed: no line that looks like an error/],
  ];
  for (const [update, download, message] of cases) t.regex(explainFailure(update, download), message);
});

test('licences name each package, its version and source, with its copyright text in full', (t) => {
  const packages = [
    { name: 'klettres-data', version: '4:22', file: '' },
    { name: 'asterisk-core-sounds-en-g722', version: '1.6', file: '' },
  ];
  const text = debianLicenses(packages, (name) => `Terms of ${name}.\n\n# not a heading\n`);
  t.regex(text, /\| klettres-data \| 4:22 \| https:\/\/packages\.debian\.org\/source\/klettres \|/);
  t.regex(text, /\| asterisk-core-sounds-en-g722 \| 1\.6 \| \S+\/source\/asterisk-core-sounds \|/);
  t.regex(text, /## klettres-data\n\n {4}Terms of klettres-data\.\n\n {4}# not a heading\n/);
});

/** Puts programs of these names, shell scripts, before all others on the PATH. */
function onPath(t: ExecutionContext, scripts: Record<string, string>): string {
  const folder = temporaryFolder(t);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const before = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${before}`;
  t.teardown(() => {
    process.env.PATH = before;
  });
  return folder;
}

// A .deb is here a text file that holds what dpkg-deb is to say of it.
const APT = {
  'apt-get': `
    for word; do last2=$last; last=$word; done
    case "$*" in *" update") exit 0 ;; esac
    [ "$last" = gone ] && echo "E: Unable to locate package gone" && exit 100
    for name in one two; do printf 'Package: %s\\nVersion: 1.0\\n' $name > $name.deb; done
    echo called >> "$(dirname "$0")/calls"`,
  'dpkg-deb': 'cat "$2"',
  dpkg: 'cp "$2" "$3"',
};

test.serial('packages are fetched once, then taken from the cache, and anew when a file of it is broken', async (t) => {
  const [bin, cache] = [onPath(t, APT), temporaryFolder(t)];
  const calls = () => readFileSync(join(bin, 'calls'), 'utf8').trim().split('\n').length;
  const lines: string[] = [];
  const packages = await fetchPackages(['one', 'two'], cache, { log: (line) => lines.push(line) });
  const folder = join(cache, 'debian-packages');
  t.deepEqual(packages, [
    { name: 'one', version: '1.0', file: join(folder, 'one.deb') },
    { name: 'two', version: '1.0', file: join(folder, 'two.deb') },
  ]);
  t.deepEqual(lines, ['Fetching the package lists ...', 'Fetching 2 packages ...']);
  t.deepEqual(readdirSync(folder).sort(), ['index.json', 'one.deb', 'two.deb'], 'nothing of apt is left');
  t.deepEqual(await fetchPackages(['one', 'two'], cache, {}), packages);
  t.is(calls(), 1);
  writeFileSync(packages[1].file, 'cut sho');
  t.deepEqual(await fetchPackages(['one', 'two'], cache, {}), packages);
  t.is(calls(), 2);

  const into = join(cache, 'unpacked');
  await unpackPackages(packages, into);
  t.deepEqual(readdirSync(into).sort(), ['one.deb', 'two.deb']);
});

test.serial("a package that is not there is the user's to mend", async (t) => {
  onPath(t, APT);
  const cache = temporaryFolder(t);
  await t.throwsAsync(fetchPackages(['one', 'gone'], cache, {}), { instanceOf: UserError, message: /lack a package/ });
  await t.throwsAsync(fetchPackages(['one', 'three'], cache, {}), {
    instanceOf: UserError,
    message: /no file for three/,
  });
  t.deepEqual(readdirSync(join(cache, 'debian-packages')), []);
});

test.serial('a package that cannot be unpacked: the disk, or the file', async (t) => {
  onPath(t, { dpkg: 'echo "tar: cannot write: $(cat "$2")"; exit 2' });
  const dir = temporaryFolder(t);
  const broken = (text: string) => {
    writeFileSync(join(dir, 'x.deb'), text);
    return unpackPackages([{ name: 'x', version: '1', file: join(dir, 'x.deb') }], join(dir, 'into'));
  };
  await t.throwsAsync(broken('No space left on device'), { instanceOf: UserError, message: /disk is full: x was not/ });
  await t.throwsAsync(broken('bad magic'), {
    instanceOf: UserError,
    message: /could not unpack .*x\.deb: .*bad magic/,
  });
});

test.serial('without apt another corpus is recommended', async (t) => {
  const dir = temporaryFolder(t);
  mkdirSync(join(dir, 'empty'));
  t.false(debianAvailable(join(dir, 'empty')));
  const before = process.env.PATH;
  t.teardown(() => {
    process.env.PATH = before;
  });
  process.env.PATH = join(dir, 'empty');
  await t.throwsAsync(fetchPackages(['one'], dir, {}), { instanceOf: UserError, message: /voxloop corpus synthetic/ });
});
