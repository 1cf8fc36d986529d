import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { type HostTensor, int32 } from '../../../src/host-tensor.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { close } from '../close.js';
import { normalTensor } from '../random-values.js';
import { withSession } from '../session.js';
import { embedder, liveIn } from './backbone-session.js';
import { backboneOf } from './build-backbone.js';

const BINS = 20;
const SIZE = 6;

type Build = (scope: Scope) => Backbone;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

async function open(session: Session, build: Promise<Build>): Promise<{ backbone: Backbone; scope: Scope }> {
  const scope = createScope(session, 'network', 1);
  const backbone = (await build)(scope);
  await liveIn(session, scope);
  return { backbone, scope };
}

/** Rows of `lengths` frames, one behind the other padded with zeros, and each by itself. */
function utterances(lengths: number[], frames: number): { padded: HostTensor; alone: HostTensor[] } {
  const alone = lengths.map((length, i) => normalTensor([1, length, BINS], `utterance${i}`, 2));
  const data = new Float32Array(lengths.length * frames * BINS);
  for (const [i, row] of alone.entries()) data.set(plain(row), i * frames * BINS);
  return { padded: { dtype: 'float32', shape: [lengths.length, frames, BINS], data }, alone };
}

/** Gradients of a training step, by the weights' names; running statistics change as in training. */
async function gradientsOf(session: Session, backbone: Backbone, scope: Scope): Promise<Record<string, HostTensor>> {
  const step = session.compile('step', ({ features }: Record<string, Tensor>) => {
    const { gradients } = differentiate(() => {
      const vectors = backbone.embed(features, { training: true });
      return { loss: tf.mean(tf.square(vectors)), aux: {} };
    }, scope.params());
    return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
  });
  return step({ features: normalTensor([3, 30, BINS], 'x') });
}

const norm = (tensor: HostTensor): number => Math.hypot(...plain(tensor));

/** Tests that every backbone must pass, on a small one: `options` as in a config, bins and embedding size are added. */
export function testBackbone(
  name: string,
  options: Record<string, unknown>,
  { title = name, lengths = [33, 48, 26] }: { title?: string; lengths?: number[] } = {},
): void {
  const reversible = /^[fp]rev-/.test(name);
  const build = backboneOf(name, { embeddingSize: SIZE, ...options }, BINS);
  test(`${title}: an embedding depends neither on padding nor on the rest of the batch`, async (t) => {
    await withSession(async (session) => {
      const { backbone } = await open(session, build);
      const embed = embedder(session, backbone);
      const { padded, alone } = utterances(lengths, Math.max(...lengths) + 3);
      const together = await embed(padded, int32(lengths));
      t.deepEqual(together.shape, [lengths.length, SIZE]);
      for (const [i, features] of alone.entries()) {
        const vector = plain(together).subarray(i * SIZE, (i + 1) * SIZE);
        const expected = plain(await embed(features));
        // Numbers of a vector are sums of far larger ones in deep networks, and are rounded as the largest are.
        const tolerance = 1e-5 * Math.max(10, ...expected.map(Math.abs));
        close(t, vector, expected, tolerance, `utterance of ${lengths[i]} frames`);
      }
      const full = await embed(padded);
      t.notDeepEqual(plain(full), plain(together), 'without lengths the padding is heard');
    });
  });

  test(`${title}: training reaches every weight, and checkpointing changes no gradient`, async (t) => {
    const trained = (checkpointing: boolean) =>
      withSession(async (session) => {
        // With recomputation there is nothing left to checkpoint.
        const kept = reversible ? { recompute: false, checkpointing } : { checkpointing };
        const built = backboneOf(name, { embeddingSize: SIZE, ...options, ...kept }, BINS);
        const { backbone, scope } = await open(session, built);
        t.is(backbone.embeddingSize, SIZE);
        const gradients = await gradientsOf(session, backbone, scope);
        const buffers = await session.save(scope.buffers().map(({ name }) => name));
        return { gradients, buffers, operations: session.graph.operations.length };
      });
    const [kept, again] = [await trained(false), await trained(true)];
    t.true(again.operations > kept.operations, 'two graphs');
    const all = Object.entries(kept.gradients);
    t.deepEqual(
      all.filter(([, gradient]) => plain(gradient).every((value) => value === 0)).map(([key]) => key),
      [],
    );
    const largest = Math.max(...all.map(([, gradient]) => norm(gradient)));
    for (const [key, gradient] of all) {
      // Weights in front of a normalisation may have gradients of rounding errors only.
      const scale = Math.max(norm(gradient), 1e-2 * largest);
      const scaled = (tensor: HostTensor) => plain(tensor).map((value) => value / scale);
      close(t, scaled(again.gradients[key]), scaled(gradient), 1e-4, key);
    }
    for (const [key, { data }] of Object.entries(kept.buffers)) {
      close(t, plain(again.buffers[key]), data as Float32Array, 1e-5, key);
    }
  });

  test(`${title}: bfloat16 gives nearly the same embeddings`, async (t) => {
    const features = normalTensor([2, 30, BINS], 'x');
    const embedAs = (compute: 'float32' | 'bfloat16') =>
      withSession(async (session) => plain(await embedder(session, (await open(session, build)).backbone)(features)), {
        compute,
      });
    const [wide, narrow] = [await embedAs('float32'), await embedAs('bfloat16')];
    t.true(Math.hypot(...wide.map((value, i) => narrow[i] - value)) < 0.1 * Math.hypot(...wide));
    t.notDeepEqual(narrow, wide);
  });
}
