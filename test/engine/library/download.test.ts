import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Download, downloadFile, wholeFile } from '../../../src/engine/library/download.js';
import { UserError } from '../../../src/errors.js';
import { sha256 } from './fake-wheel.js';
import { fileServer, serve } from './loopback.js';
import { noWait, settingsOf, temporaryFolder } from './settings.js';

const BYTES = Buffer.from(Uint8Array.from({ length: 3 << 20 }, (_, i) => (i * i) >> 7));

function download(
  t: ExecutionContext,
  url: string,
  changes: Partial<Download & { sha256: string }> = {},
): Download & { sha256: string } {
  return {
    url: new URL('thing.whl', url),
    file: 'thing.whl',
    folder: join(temporaryFolder(t), 'downloads'),
    sha256: sha256(BYTES),
    settings: settingsOf(),
    sleep: noWait,
    ...changes,
  };
}

test('fetches, reports bytes, checks, and leaves only the whole file', async (t) => {
  const reports: [number, number | null][] = [];
  const onBytes = (done: number, total: number | null): unknown => reports.push([done, total]);
  const wanted = download(t, await serve(t, fileServer(BYTES)), { onBytes });
  const path = await downloadFile(wanted);
  t.true(readFileSync(path).equals(BYTES));
  t.deepEqual(readdirSync(wanted.folder), ['thing.whl']);
  t.deepEqual(reports[0], [0, BYTES.length]);
  t.deepEqual(reports.at(-1), [BYTES.length, BYTES.length]);
  t.is(await wholeFile(wanted.folder, 'thing.whl', wanted.sha256), path);
  t.is(await wholeFile(wanted.folder, 'thing.whl', '00'.repeat(32)), null);
  t.false(existsSync(path));
});

test('a connection that breaks midway is resumed where it stopped', async (t) => {
  const starts: number[] = [];
  const url = await serve(t, (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    starts.push(start);
    if (starts.length > 2) return fileServer(BYTES)(request, response);
    const range = { 'content-range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` };
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': BYTES.length - start, ...range });
    response.write(BYTES.subarray(start, start + 1_000_000), () => response.socket?.end());
  });
  const wanted = download(t, url);
  t.true(readFileSync(await downloadFile(wanted)).equals(BYTES));
  t.is(starts.length, 3);
  t.is(starts[0], 0);
  t.true(starts[1]! > 0 && starts[1]! < starts[2]!);
});

test('a part of an earlier call is continued', async (t) => {
  const wanted = download(t, await serve(t, fileServer(BYTES)));
  const reports: number[] = [];
  const broken = download(t, 'http://127.0.0.1:1/', { folder: wanted.folder });
  await t.throwsAsync(downloadFile(broken), { instanceOf: UserError });
  writeFileSync(join(wanted.folder, 'thing.whl.part'), BYTES.subarray(0, 12345));
  await downloadFile({ ...wanted, onBytes: (done) => reports.push(done) });
  t.is(reports[0], 12345);
});

test('a whole part needs no more bytes', async (t) => {
  const wanted = download(t, await serve(t, fileServer(BYTES)));
  await t.throwsAsync(downloadFile(download(t, 'http://127.0.0.1:1/', { folder: wanted.folder })));
  writeFileSync(join(wanted.folder, 'thing.whl.part'), BYTES);
  t.true(readFileSync(await downloadFile(wanted)).equals(BYTES));
});

test('a server that ignores Range, or a part of another file, means starting over', async (t) => {
  const whole = await serve(t, (_, response) => response.end(BYTES));
  for (const [url, part] of [
    [whole, BYTES.subarray(0, 999)],
    [await serve(t, fileServer(BYTES)), Buffer.from('of another file')],
    [await serve(t, fileServer(BYTES)), Buffer.concat([BYTES, BYTES])],
  ] as const) {
    const wanted = download(t, url);
    await t.throwsAsync(downloadFile({ ...wanted, url: new URL('http://127.0.0.1:1/') }));
    writeFileSync(join(wanted.folder, 'thing.whl.part'), part);
    t.true(readFileSync(await downloadFile(wanted)).equals(BYTES));
  }
});

test('a wrong file is deleted, and both sums are named', async (t) => {
  const wrong = Buffer.from('<html>log in first</html>');
  const wanted = download(t, await serve(t, fileServer(wrong)));
  const error = await t.throwsAsync(downloadFile(wanted), { instanceOf: UserError });
  t.regex(error.message, new RegExp(`sha256 ${sha256(wrong)}, expected ${wanted.sha256}`));
  t.regex(error.message, /PIP_INDEX_URL/);
  t.deepEqual(readdirSync(wanted.folder), []);
});

test('no network: bounded tries with growing waits, then the ways on', async (t) => {
  const waits: number[] = [];
  const wanted = download(t, 'http://user:secret@127.0.0.1:1/', { sleep: async (ms) => waits.push(ms) });
  const error = await t.throwsAsync(downloadFile(wanted), { instanceOf: UserError });
  t.deepEqual(waits, [1000, 2000, 4000, 8000, 16000]);
  t.regex(error.message, /HTTPS_PROXY.*PIP_INDEX_URL.*setup --wheel FILE/);
  t.notRegex(error.message, /secret/);
});

test('a refusal is not retried and asks for credentials', async (t) => {
  let calls = 0;
  const url = await serve(t, (_, response) => {
    calls++;
    response.writeHead(401).end();
  });
  await t.throwsAsync(downloadFile(download(t, url)), { instanceOf: UserError, message: /answered 401.*user name/ });
  t.is(calls, 1);
});

test('too little space is told before anything is written', async (t) => {
  const wanted = download(t, await serve(t, fileServer(BYTES)), { freeBytes: () => 2_000_000 });
  const error = await t.throwsAsync(downloadFile(wanted), { instanceOf: UserError });
  t.regex(error.message, /4 MB needed, 2 MB free.*VOXLOOP_CACHE/);
  t.deepEqual(readdirSync(wanted.folder), []);
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a disk that fills up midway: what was fetched is given back', async (t) => {
  const wanted = download(t, await serve(t, fileServer(BYTES)), { freeBytes: () => null });
  await t.throwsAsync(downloadFile({ ...wanted, url: new URL('http://127.0.0.1:1/') }));
  // Every write to this device fails as on a full disk.
  symlinkSync('/dev/full', join(wanted.folder, 'thing.whl.part'));
  await t.throwsAsync(downloadFile(wanted), { instanceOf: UserError, message: /too full: 4 MB needed.*VOXLOOP_CACHE/ });
  t.deepEqual(readdirSync(wanted.folder), []);
});
