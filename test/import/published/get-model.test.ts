import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import { catalogue } from '../../../src/import/published/catalogue.js';
import { fetchModel } from '../../../src/import/published/fetch-model.js';
import { getModel } from '../../../src/tools/get-model.js';
import { fileServer, serve } from '../../engine/library/loopback.js';
import { noWait, settingsOf } from '../../engine/library/settings.js';
import { runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const fixture = fileURLToPath(new URL('../../../../test/fixtures/import/speechbrain', import.meta.url));
const FILES = Object.fromEntries(readdirSync(fixture).map((name) => [name, readFileSync(join(fixture, name))]));
const MODEL = 'speechbrain-ecapa';

/** A host of models that holds `files` in every repository; `seen` gets paths and authorizations. */
function hub(files: Record<string, Buffer>, seen: string[] = []): RequestListener {
  return (request, response) => {
    seen.push(`${request.url} ${request.headers.authorization ?? '-'}`);
    const bytes = files[basename(request.url!)];
    if (!bytes) return void response.writeHead(404).end();
    fileServer(bytes)(request, response);
  };
}

const fetchingFrom = (t: ExecutionContext, endpoint: string, env: Record<string, string> = {}) => ({
  cache: temporaryFolder(t),
  settings: settingsOf({ HF_ENDPOINT: endpoint, MODELSCOPE_ENDPOINT: endpoint, ...env }),
  sleep: noWait,
});

test('a model is fetched from the endpoint with the token, imported under its licence, and its files are deleted', async (t) => {
  const seen: string[] = [];
  const fetching = fetchingFrom(t, await serve(t, hub(FILES, seen)), { HF_TOKEN: 'secret' });
  const out = join(temporaryFolder(t), 'model');
  const { licence, files } = await getModel(MODEL, out, fetching);
  t.is(licence, 'Apache-2.0');
  t.is(readModel(out).info.licence, 'Apache-2.0');
  const place = '/speechbrain/spkrec-ecapa-voxceleb/resolve/main';
  t.deepEqual(seen, [`${place}/embedding_model.ckpt Bearer secret`, `${place}/hyperparams.yaml Bearer secret`]);
  t.deepEqual(
    files.map(({ pinned }) => pinned),
    ['now', 'now'],
  );
  t.deepEqual(readdirSync(join(fetching.cache, 'models')), ['first-seen.json']);
});

test('a token goes to the endpoint only, not to where it sends the request on', async (t) => {
  const elsewhere: string[] = [];
  const storage = await serve(t, hub(FILES, elsewhere));
  const endpoint = await serve(t, (request, response) =>
    response.writeHead(302, { location: new URL(basename(request.url!), storage).href }).end(),
  );
  await getModel(MODEL, join(temporaryFolder(t), 'model'), fetchingFrom(t, endpoint, { HF_TOKEN: 'secret' }));
  t.deepEqual(elsewhere, ['/embedding_model.ckpt -', '/hyperparams.yaml -']);
});

test('another content than that of the first download is refused, and nothing is written', async (t) => {
  const files = { ...FILES };
  const fetching = fetchingFrom(t, await serve(t, hub(files)));
  await getModel(MODEL, join(temporaryFolder(t), 'first'), fetching);
  const { files: again } = await getModel(MODEL, join(temporaryFolder(t), 'second'), fetching);
  t.deepEqual(
    again.map(({ pinned }) => pinned),
    ['earlier', 'earlier'],
  );
  files['hyperparams.yaml'] = Buffer.concat([FILES['hyperparams.yaml'], Buffer.from('\n')]);
  const out = join(temporaryFolder(t), 'third');
  await t.throwsAsync(getModel(MODEL, out, fetching), {
    instanceOf: UserError,
    message: /hyperparams\.yaml .* has the wrong checksum.*changed the file on purpose/,
  });
  t.false(existsSync(out));
});

test('what is no model is not pinned: the files that come later are taken', async (t) => {
  const files = { ...FILES, 'embedding_model.ckpt': Buffer.from('<html>Log in first</html>') };
  const fetching = fetchingFrom(t, await serve(t, hub(files)));
  const out = join(temporaryFolder(t), 'model');
  await t.throwsAsync(getModel(MODEL, out, fetching), {
    instanceOf: UserError,
    message: /neither a file of torch\.save/,
  });
  files['embedding_model.ckpt'] = FILES['embedding_model.ckpt'];
  t.is((await getModel(MODEL, out, fetching)).files[0].pinned, 'now');
});

test('a download that an earlier call left unfinished goes on where it stopped', async (t) => {
  const starts: (string | undefined)[] = [];
  const endpoint = await serve(t, (request, response) => {
    starts.push(request.headers.range);
    hub(FILES)(request, response);
  });
  const fetching = fetchingFrom(t, endpoint);
  const folder = join(fetching.cache, 'models', MODEL);
  const half = FILES['embedding_model.ckpt'].length >> 1;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'embedding_model.ckpt.part'), FILES['embedding_model.ckpt'].subarray(0, half));
  const out = join(temporaryFolder(t), 'model');
  await getModel(MODEL, out, fetching);
  t.deepEqual(starts, [`bytes=${half}-`, undefined]);
  t.true(existsSync(out));
});

test('of several names of a file the first that the repository has is taken', async (t) => {
  const seen: string[] = [];
  const endpoint = await serve(t, hub({ avg_model: Buffer.from('x'), 'config.yaml': Buffer.from('y') }, seen));
  const model = catalogue.find(({ name }) => name === 'wespeaker-resnet34')!;
  const { files } = await fetchModel(model, fetchingFrom(t, endpoint));
  t.deepEqual(
    files.map(({ file }) => file),
    ['avg_model', 'config.yaml'],
  );
  t.is(seen.length, 3);
});

test('revisions of ModelScope are in the address, and its repositories get no token of Hugging Face', async (t) => {
  const seen: string[] = [];
  const endpoint = await serve(t, hub({ 'campplus_voxceleb.bin': Buffer.from('x') }, seen));
  const model = catalogue.find(({ name }) => name === '3d-speaker-campplus-voxceleb')!;
  await fetchModel(model, fetchingFrom(t, endpoint, { HF_TOKEN: 'secret' }));
  t.deepEqual(seen, ['/models/iic/speech_campplus_sv_en_voxceleb_16k/resolve/v1.0.2/campplus_voxceleb.bin -']);
});

test('a file of a package is refused where the package is not the pinned one', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'Resemblyzer-0.1.4-py3-none-any.whl'), 'another');
  const fetching = { ...fetchingFrom(t, 'http://127.0.0.1:1'), settings: settingsOf({ PIP_FIND_LINKS: folder }) };
  await t.throwsAsync(getModel('resemblyzer', join(folder, 'model'), fetching), {
    instanceOf: UserError,
    message: /Resemblyzer.* has the wrong checksum/,
  });
});

test('a host that refuses, one without the file, and an unknown name say what to do', async (t) => {
  const fails = async (listener: RequestListener, message: RegExp) =>
    t.throwsAsync(getModel(MODEL, join(temporaryFolder(t), 'model'), fetchingFrom(t, await serve(t, listener))), {
      instanceOf: UserError,
      message,
    });
  await fails((_, response) => void response.writeHead(401).end(), /answered 401.*Set HF_TOKEN/);
  await fails(hub({}), /answered 404.*voxloop import FOLDER/);
  await t.throwsAsync(getModel('resemblizer', 'model', fetchingFrom(t, 'http://127.0.0.1:1')), {
    instanceOf: UserError,
    message: /called 'resemblizer'; did you mean 'resemblyzer'\?/,
  });
});

test('the command lists the models, fetches one, and ends with 2 where a model is already', async (t) => {
  const listed = await runCli(['model', 'list', '--json']);
  t.deepEqual(
    (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name),
    catalogue.map(({ name }) => name),
  );
  const env = { HF_ENDPOINT: await serve(t, hub(FILES)), VOXLOOP_CACHE: temporaryFolder(t), NO_PROXY: '127.0.0.1' };
  const out = join(temporaryFolder(t), 'model');
  const done = await runCli(['model', 'get', MODEL, '--out', out], { env: { ...process.env, ...env } });
  t.is(done.code, 0, done.stderr);
  t.regex(
    done.stdout,
    /SpeechBrain ECAPA_TDNN as ecapa-1024-glob.*\nlicence: Apache-2\.0\nembedding_model\.ckpt: sha256 [0-9a-f]{64}, not known before/,
  );
  const again = await runCli(['model', 'get', MODEL, '--out', out], { env: { ...process.env, ...env } });
  t.is(again.code, 2);
  t.regex(again.stderr, /holds a model already/);
});

test('names of the catalogue are distinct, and every model says its licence', (t) => {
  t.is(new Set(catalogue.map(({ name }) => name)).size, catalogue.length);
  t.true(catalogue.every(({ licence, languages }) => licence !== '' && languages !== ''));
});
