import { graphExtractor } from '../embed/onnx/graph-extractor.js';
import { graphNetwork, type RunnableSession } from '../embed/onnx/graph-network.js';
import type { RuntimeTensor } from '../embed/onnx/runtime.js';
import { messageOf } from '../errors.js';
import { samplesOfWav } from './read-wav.js';
import { openVoices, type PageModel, type Voices } from './voices.js';

// Runs in a worker of the page, so that the page stays alive meanwhile. One request after the other.

/** A request of the page; `samples` and its kin are 16 kHz mono in [-1, 1]. */
type Request = { id: number } & (
  | { task: 'decode'; bytes: Uint8Array }
  | { task: 'embed'; samples: Float32Array }
  | { task: 'compare'; a: Float32Array; b: Float32Array }
  | { task: 'diarize'; samples: Float32Array; speakers?: number }
);

/** As much of a worker's global scope as is used. */
interface WorkerScope {
  onmessage: ((event: { data: Request }) => void) | null;
  postMessage(message: { id: number; result?: unknown; fault?: string }): void;
}

/** As much of onnxruntime-web as is used. */
interface WebRuntime {
  env: { wasm: { numThreads: number; wasmPaths: { wasm: string } } };
  InferenceSession: { create(file: Uint8Array, options: { executionProviders: string[] }): Promise<RunnableSession> };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => RuntimeTensor;
}

const scope = globalThis as unknown as WorkerScope;
const beside = (name: string): string => new URL(name, import.meta.url).href;

async function openModel(): Promise<Voices> {
  const runtimeFile = beside('onnxruntime/ort.wasm.bundle.min.mjs');
  const runtime = (await import(runtimeFile)) as WebRuntime;
  // More threads need headers that not every server sends.
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmPaths = { wasm: beside('onnxruntime/ort-wasm-simd-threaded.wasm') };
  const [model, file] = await Promise.all([fetchFile('model.json'), fetchFile('model.onnx')]);
  const description = (await model.json()) as PageModel;
  const graph = new Uint8Array(await file.arrayBuffer());
  const session = await runtime.InferenceSession.create(graph, { executionProviders: ['wasm'] });
  const { embed } = graphNetwork(runtime, session, description);
  return openVoices(description, graphExtractor(description, embed));
}

async function fetchFile(name: string): Promise<Response> {
  const response = await fetch(beside(name));
  if (!response.ok) throw new Error(`${name} cannot be read (${response.status})`);
  return response;
}

let opening: Promise<Voices> | undefined;
let last: Promise<unknown> = Promise.resolve();

async function perform(request: Request): Promise<unknown> {
  if (request.task === 'decode') return samplesOfWav(request.bytes);
  opening ??= openModel();
  const voices = await opening;
  if (request.task === 'embed') return voices.embed(request.samples);
  if (request.task === 'compare') return voices.compare(request.a, request.b);
  return voices.diarize(request.samples, request.speakers);
}

scope.onmessage = ({ data }) => {
  last = last
    .then(() => perform(data))
    .then(
      (result) => scope.postMessage({ id: data.id, result }),
      (error) => scope.postMessage({ id: data.id, fault: messageOf(error) }),
    );
};
