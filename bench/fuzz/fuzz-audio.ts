/**
 * Mutates recordings of every format and decodes them: an answer or a UserError, within 3 s of processor time and 500 MB,
 * and nothing else.
 * Usage: node dist/bench/fuzz/fuzz-audio.js [minutes] [seed]. Prints a line for each fault, with the seed that makes it again, and a
 * line of JSON; exit code 1 on a fault.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { decodeBytes } from '../../src/audio/decode/decode.js';
import { UserError } from '../../src/errors.js';
import { createRng } from '../../src/random.js';
import { mutated } from './audio-mutations.js';

const LONGEST_MS = 3000;
const MOST_BYTES = 500e6;
/** A decoder that has not answered by now hangs. */
const PATIENCE_MS = 60000;

interface Outcome {
  seed: number;
  file: string;
  /** What happened: sound, a UserError, or a fault in words. */
  kind: 'sound' | 'refused' | 'fault';
  what: string;
}

const folder = join(import.meta.dirname, '../../../test/fixtures/audio');
const files = readdirSync(folder).filter((file) => !/\.(sh|py|raw|txt|md)$/.test(file));

async function decodeMutation(seed: number): Promise<Outcome> {
  const file = files[seed % files.length];
  const bytes = mutated(readFileSync(join(folder, file)), createRng(seed));
  const [start, peakBefore] = [process.cpuUsage(), process.resourceUsage().maxRSS * 1024];
  let [kind, what]: [Outcome['kind'], string] = ['sound', ''];
  try {
    const { channels } = await decodeBytes(bytes, file);
    const soundBytes = channels.length * (channels[0]?.byteLength ?? 0);
    if (soundBytes > MOST_BYTES) [kind, what] = ['fault', `${soundBytes} bytes of sound`];
  } catch (error) {
    if (error instanceof UserError) kind = 'refused';
    else [kind, what] = ['fault', String(error)];
  }
  const { user, system } = process.cpuUsage(start);
  const [ms, grown] = [(user + system) / 1000, process.resourceUsage().maxRSS * 1024 - peakBefore];
  if (ms > LONGEST_MS) [kind, what] = ['fault', `${Math.round(ms)} ms`];
  if (grown > MOST_BYTES) [kind, what] = ['fault', `${Math.round(grown / 1e6)} MB`];
  return { seed, file, kind, what };
}

/** Runs a worker from a seed on until time is up or it hangs; answers with the last seed. */
function fuzzFrom(first: number, until: number, count: (outcome: Outcome) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: first });
    let last = first;
    const finish = () => worker.terminate().then(() => resolve(last));
    const hang = () => {
      count({
        seed: last + 1,
        file: files[(last + 1) % files.length],
        kind: 'fault',
        what: `no answer in ${PATIENCE_MS} ms`,
      });
      last++;
      finish();
    };
    let watchdog = setTimeout(hang, PATIENCE_MS);
    worker.on('error', reject);
    worker.on('message', (outcome: Outcome) => {
      clearTimeout(watchdog);
      last = outcome.seed;
      count(outcome);
      if (performance.now() > until) finish();
      else watchdog = setTimeout(hang, PATIENCE_MS);
    });
  });
}

async function main(): Promise<void> {
  const [minutes, seed] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 1)];
  const until = performance.now() + minutes * 60e3;
  const counts = { sound: 0, refused: 0, fault: 0 };
  const count = (outcome: Outcome) => {
    counts[outcome.kind]++;
    if (outcome.kind === 'fault') console.log(`seed ${outcome.seed}, ${outcome.file}: ${outcome.what}`);
  };
  for (let next = seed; performance.now() < until; ) next = (await fuzzFrom(next, until, count)) + 1;
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ mutations: counts.sound + counts.refused + counts.fault, counts, peakMb }));
  process.exitCode = counts.fault > 0 ? 1 : 0;
}

if (isMainThread) await main();
else for (let seed = Number(workerData); ; seed++) parentPort?.postMessage(await decodeMutation(seed));
