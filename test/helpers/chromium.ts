import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A page of a headless browser. */
export interface BrowserPage {
  /** The value of an expression, awaited; its error is thrown. */
  evaluate(expression: string): Promise<unknown>;
  /** Gives the first file input that the selector finds these files, as a user who chooses them. */
  choose(selector: string, files: string[]): Promise<void>;
  /** Evaluates until the value is truthy, or for so long. */
  until(expression: string, milliseconds?: number): Promise<unknown>;
  /** A PNG of the page, as base64. */
  screenshot(width: number, height: number): Promise<string>;
  /** Addresses of all that the page has asked for. */
  asked: string[];
}

type Parameters = Record<string, unknown>;
type Reply = { id?: number; method?: string; params?: Parameters; result?: Parameters; error?: { message: string } };

/**
 * Opens an address in a headless Chromium whose microphone plays a WAV file over and over; the DevTools protocol goes over two pipes, a
 * message of JSON ends in a zero byte.
 */
export async function openPage(chromium: string, profile: string, microphone: string, url: string) {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe'];
  const fake = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
  const child = spawn(
    chromium,
    flags.concat(fake, `--use-file-for-fake-audio-capture=${microphone}`, `--user-data-dir=${profile}`, 'about:blank'),
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const asked: string[] = [];
  const send = speak(child.stdio[3] as Writable, child.stdio[4] as Readable, ({ method, params }) => {
    if (method === 'Network.requestWillBeSent') asked.push((params!.request as { url: string }).url);
  });
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const ask = (method: string, params: Parameters = {}) => send(method, params, sessionId as string);
  await ask('Network.enable');
  await ask('Page.enable');
  await ask('Page.navigate', { url });
  const evaluate: BrowserPage['evaluate'] = async (expression) => {
    const reply = await ask('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (reply.exceptionDetails) throw new Error(JSON.stringify(reply.exceptionDetails));
    return (reply.result as { value?: unknown }).value;
  };
  const page: BrowserPage = {
    asked,
    evaluate,
    async choose(selector, files) {
      const { root } = (await ask('DOM.getDocument')) as { root: { nodeId: number } };
      const { nodeId } = await ask('DOM.querySelector', { nodeId: root.nodeId, selector });
      await ask('DOM.setFileInputFiles', { nodeId, files });
    },
    async until(expression, milliseconds = 120_000) {
      const end = performance.now() + milliseconds;
      for (;;) {
        const value = await evaluate(expression);
        if (value) return value;
        if (performance.now() > end) throw new Error(`${expression} did not come true`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async screenshot(width, height) {
      await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
      return (await ask('Page.captureScreenshot', { format: 'png' })).data as string;
    },
  };
  return {
    page,
    async close() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

/** Sends commands over the pipes; events go to `hear`. */
function speak(to: Writable, from: Readable, hear: (event: Reply) => void) {
  const waiting = new Map<number, (reply: Reply) => void>();
  let text = '';
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (text + chunk).split('\0');
    text = parts.pop()!;
    for (const part of parts) {
      const reply = JSON.parse(part) as Reply;
      if (reply.id === undefined) hear(reply);
      else waiting.get(reply.id)?.(reply);
    }
  });
  let next = 1;
  return (method: string, params: Parameters, sessionId?: string): Promise<Parameters> =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result!);
      });
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
}
