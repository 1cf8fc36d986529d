import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { indexTar } from '../../src/data/tar.js';
import { UserError } from '../../src/errors.js';
import { type Member, tarFile } from '../helpers/corpora/tar-file.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('files are found with their bytes; links and folders are passed over; long names of both kinds', (t) => {
  const path = join(temporaryFolder(t), 'x.tar');
  const [gnu, pax] = ['g'.repeat(150), 'p'.repeat(150)];
  const record = `${` path=${pax}\n`.length + 3} path=${pax}\n`;
  const bytes = tarFile([
    { name: './a.wav', content: 'sound' },
    { name: 'folder/', content: '', type: '5' },
    { name: 'link', content: '', type: '2' },
    { name: '././@LongLink', content: `${gnu}\0`, type: 'L' },
    { name: gnu, content: 'one' },
    { name: 'PaxHeader', content: record, type: 'x' },
    { name: 'short', content: 'two' },
    { name: 'b.spk', content: 'anna' },
  ]);
  writeFileSync(path, bytes);
  const { members, cut } = indexTar(path);
  t.is(cut, null);
  const found = members.map(({ name, offset, bytes: n }) => [name, bytes.toString('utf8', offset, offset + n)]);
  t.deepEqual(found, [
    ['a.wav', 'sound'],
    [gnu, 'one'],
    [pax, 'two'],
    ['b.spk', 'anna'],
  ]);
});

for (const name of ['../evil.wav', '/etc/evil.wav', 'a/../../evil.wav', 'a\\..\\evil.wav']) {
  test(`${name} leads out of the archive: refused`, (t) => {
    const path = join(temporaryFolder(t), 'x.tar');
    writeFileSync(path, tarFile([{ name: 'fine.wav', content: 'x' }, { name, content: 'y' } as Member]));
    t.throws(() => indexTar(path), {
      instanceOf: UserError,
      message: /x\.tar is refused: its member .*leads out of the archive/,
    });
  });
}

test('an archive that was cut short keeps what stands before; one that is none is refused', (t) => {
  const path = join(temporaryFolder(t), 'x.tar');
  const whole = tarFile([
    { name: 'a.wav', content: 'x'.repeat(600) },
    { name: 'b.wav', content: 'y'.repeat(600) },
  ]);
  writeFileSync(path, whole.subarray(0, 512 + 1024 + 512 + 100));
  t.deepEqual(
    [indexTar(path).members.map(({ name }) => name), indexTar(path).cut],
    [['a.wav'], 'b.wav takes 600 bytes, 100 are there'],
  );
  writeFileSync(path, whole.subarray(0, 512 + 1024 + 512 + 1024));
  t.is(indexTar(path).cut, 'its end marker is missing');
  writeFileSync(path, 'no archive'.repeat(200));
  t.throws(() => indexTar(path), { instanceOf: UserError, message: /no tar archive/ });
});
