import test, { type ExecutionContext } from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, int32 } from '../../src/host-tensor.js';
import { ALL_STAGES, eres2netNames, LAST_STAGES } from '../../src/import/names/maps-of-3d-speaker.js';
import { createScope } from '../../src/nn/scope.js';
import { embedder } from '../helpers/networks/backbone-session.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { drawnFeatures } from '../helpers/published/draws.js';
import { loadPublished } from '../helpers/published/load.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const BINS = 24;
const FRAMES = 131;
const SIZE = 6;
const FUSIONS = { eres2net: ALL_STAGES, 'eres2net-v2': LAST_STAGES };
type Name = keyof typeof FUSIONS;

async function open(session: Session, name: Name, checkpointing = false) {
  const scope = createScope(session, 'network', 1);
  const options = { width: 8, groupWidth: 32, embeddingSize: SIZE, checkpointing };
  const backbone = (await backboneOf(name, options, BINS))(scope);
  // Drawn so that maps neither fade nor grow: where they grow, an attention makes much of rounding.
  await loadPublished(session, scope, eres2netNames(BINS / 8, 2, FUSIONS[name]), [1, 3]);
  return { scope, backbone };
}

/** Asserts that two embeddings differ by rounding alone. */
function same(t: ExecutionContext, a: ArrayLike<number>, b: ArrayLike<number>): void {
  const rms = Math.sqrt(Array.from(b).reduce((sum, value) => sum + value ** 2, 0) / b.length);
  for (let i = 0; i < b.length; i++) t.true(Math.abs(a[i] - b[i]) < 1e-4 * rms, `${a[i]} and ${b[i]}`);
}

for (const name of Object.keys(FUSIONS) as Name[]) {
  test(`${name}: an embedding depends neither on padding nor on the rest of the batch`, async (t) => {
    await withSession(async (session) => {
      const embed = embedder(session, (await open(session, name)).backbone);
      const features = drawnFeatures(BINS);
      const lengths = [FRAMES, 97];
      const padded = features.data.slice() as Float32Array;
      padded.fill(0, (FRAMES + lengths[1]) * BINS);
      const together = (await embed(float32(padded, features.shape), int32(lengths))).data as Float32Array;
      for (const [row, length] of lengths.entries()) {
        const start = row * FRAMES * BINS;
        const alone = float32(padded.slice(start, start + length * BINS), [1, length, BINS]);
        same(t, together.subarray(row * SIZE, (row + 1) * SIZE), (await embed(alone)).data as Float32Array);
      }
    });
  });

  test(`${name}: training reaches every weight, with checkpointing, too`, async (t) => {
    for (const checkpointing of [false, true]) {
      await withSession(async (session) => {
        const { scope, backbone } = await open(session, name, checkpointing);
        const step = session.compile('step', ({ features }: Record<string, Tensor>) => {
          const { gradients } = differentiate(
            () => ({ loss: tf.mean(tf.square(backbone.embed(features, { training: true }))), aux: {} }),
            scope.params(),
          );
          return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
        });
        const gradients = await step({ features: normalTensor([3, 40, BINS], 'x') });
        t.is(Object.keys(gradients).length, scope.params().length);
        for (const [variable, { data }] of Object.entries(gradients))
          t.true(Math.hypot(...(data as Float32Array)) > 0, variable);
      });
    }
  });
}
