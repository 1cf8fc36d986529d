import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diarizeOptions } from '../../src/diarize/diarize.js';
import { diarizeFile } from '../../src/diarize/diarize-file.js';
import { embedFiles } from '../../src/embed/embed-files.js';
import { packagedModel } from '../../src/embed/packaged-model.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { cosineOfFiles } from '../../src/speakers/speaker-model.js';
import { openSpeakerModel } from '../../src/tools/open-speaker-model.js';
import { writePage } from '../../src/tools/write-page.js';
import { openPage } from '../helpers/chromium.js';
import { hiss, sequence, talk } from '../helpers/corpora/talk.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

// Needs a Chromium (VOXLOOP_TEST_CHROMIUM: its program) and onnxruntime-web (VOXLOOP_TEST_ONNXRUNTIME_WEB: its folder), which are no dependencies.
const { VOXLOOP_TEST_CHROMIUM: chromium, VOXLOOP_TEST_ONNXRUNTIME_WEB: onnxruntime } = process.env;

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Serves the files of a folder as any server of files does; returns the address. */
async function serve(t: ExecutionContext, dir: string): Promise<string> {
  const server = createServer(({ url }, response) => {
    const name = url === '/' ? 'index.html' : url!.slice(1);
    if (!existsSync(join(dir, name))) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' });
    response.end(readFileSync(join(dir, name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface Turn {
  startSeconds: number;
  endSeconds: number;
  speaker: string;
}

(chromium && onnxruntime ? test : test.skip)(
  'a browser gives the vectors, verdicts and turns of the command line',
  async (t) => {
    t.timeout(600_000);
    const dir = temporaryFolder(t);
    const at = (name: string) => join(dir, name);
    const recordings = { one: talk(0, 3.3), two: talk(2, 2.7), talk: sequence(talk(0, 5), hiss(1), talk(2, 5)) };
    for (const [name, samples] of Object.entries(recordings)) writeWav16(at(`${name}.wav`), samples, 16000);
    const [one, two, conversation] = ['one', 'two', 'talk'].map((name) => at(`${name}.wav`));
    const { extractor, close: closeModel, ...model } = await openSpeakerModel();
    const { vectors } = await embedFiles([one, two], extractor, { skipBad: false });
    const cosine = await cosineOfFiles({ ...model, extractor }, one, two);
    const turns = (await diarizeFile(conversation, extractor, diarizeOptions.parse({}))) as { segments: Turn[] };
    await closeModel();

    await writePage(packagedModel(), at('site'), { onnxruntime });
    const { page, close } = await openPage(chromium!, at('profile'), one, await serve(t, at('site')));
    t.teardown(close);
    await page.until("document.querySelector('#b input') !== null");
    await page.choose('#a input', [one]);
    await page.choose('#b input', [two]);
    const verdict = String(await page.until('/Cosine/.test(verdict.textContent) && verdict.textContent'));
    t.regex(verdict, cosine > 0.776 ? /^The same speaker\./ : /^Different speakers\./);
    const shown = Number(/Cosine (-?[\d.]+), log-likelihood ratio/.exec(verdict)![1]);
    t.true(Math.abs(shown - cosine) <= 1.0001e-4, `${shown} ${cosine}`);

    const inBrowser = async (name: string) =>
      (await page.evaluate(
        `voxloop.decode(document.querySelector('${name} input').files[0]).then((samples) => voxloop.ask('embed', { samples })).then((v) => [...v])`,
      )) as number[];
    const size = vectors.length / 2;
    for (const [i, name] of ['#a', '#b'].entries()) {
      const expected = vectors.subarray(i * size, (i + 1) * size);
      const rms = Math.sqrt(expected.reduce((sum, value) => sum + value ** 2, 0) / size);
      const found = await inBrowser(name);
      const worst = Math.max(...found.map((value, k) => Math.abs(value - expected[k]))) / rms;
      t.log(`largest difference of recording ${name}: ${worst.toExponential(1)} of the rms`);
      t.true(found.length === size && worst < 1e-4, `${worst}`);
    }

    await page.choose('#talk-file', [conversation]);
    await page.until("document.querySelectorAll('#turns li').length > 0");
    const listed = (await page.evaluate(
      "[...document.querySelectorAll('#turns li')].map((item) => item.textContent)",
    )) as string[];
    const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;
    t.deepEqual(
      listed,
      turns.segments.map(
        ({ startSeconds, endSeconds, speaker }) => `${clock(startSeconds)} to ${clock(endSeconds)}  ${speaker}`,
      ),
    );
    if (process.env.VOXLOOP_SCREENSHOT)
      writeFileSync(process.env.VOXLOOP_SCREENSHOT, Buffer.from(await page.screenshot(900, 1060), 'base64'));

    const before = String(await page.evaluate('verdict.textContent'));
    await page.evaluate("document.querySelector('#a button').click()");
    await page.until("document.querySelector('#a button').textContent === 'Stop'");
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await page.evaluate("document.querySelector('#a button').click()");
    const other = `/Cosine/.test(verdict.textContent) && verdict.textContent !== ${JSON.stringify(before)} && verdict.textContent`;
    const recorded = String(await page.until(other));
    t.true(
      Number.parseFloat(String(await page.evaluate("document.querySelector('#a [role=status]').textContent"))) > 2,
    );
    // The microphone plays the first recording over and over.
    await page.choose('#b input', [one]);
    const again = String(await page.until(`${other.replace(JSON.stringify(before), JSON.stringify(recorded))}`));
    const heard = Number(/Cosine (-?[\d.]+)/.exec(again)![1]);
    t.log(`cosine of the recording that the microphone played, and what was recorded: ${heard}`);
    t.true(heard > 0.9, again);
    const elsewhere = page.asked.filter((url) => !url.startsWith('http://127.0.0.1') && !/^(blob|data):/.test(url));
    t.deepEqual(elsewhere, []);
  },
);
