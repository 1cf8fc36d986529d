/**
 * Voices and faces in one, on DRAWN vectors: every speaker has a vector for the voice and one for the face, and every utterance adds noise to
 * both. No sound and no picture is in it. It asks what the fusions of a stage `fuse` are worth where both know something, where faces are
 * missing, and where some are spoilt: all spoilt faces look alike, whoever they are of, as blurred pictures do.
 *
 *   npm run build && node dist/bench/quality/drawn-faces.js [--seeds 3] [--steps 400]
 *
 * Standard output: a line of JSON for each condition of the faces, with the EER of voice, face, scores and fused embedding of unheard speakers by
 * seed, and the face's mean share in the fused embedding.
 */
import { parseArgs } from 'node:util';
import { createSampler, labelsOf } from '../../src/data/crops/sampler.js';
import { withSession } from '../../src/engine/session/with-session.js';
import softmax from '../../src/losses/softmax.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRng, type Rng } from '../../src/random.js';
import { centring, takeFusionRows } from '../../src/stages/fuse/rows.js';
import { fusedMean, scoreList } from '../../src/stages/fuse/score-list.js';
import { createFuser, type FusedRows } from '../../src/train/fusion/fuser.js';
import { mean, seedsUpTo } from './recipe.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '3' }, steps: { type: 'string', default: '400' } },
});

const SIZE = 32;
const [TRAINING, TEST, EACH] = [200, 40, 8];
const NOISE = { voice: 1, face: 0.8 };
/** How much stronger noise is where no identity is. */
const NUISANCE = 1.5;
const [MISSING, SPOILT] = [0.3, 0.3];

/** What befalls faces, in training and in the test. */
const CONDITIONS = ['all', 'missing', 'spoilt'] as const;
type Condition = (typeof CONDITIONS)[number];

interface Part {
  rows: FusedRows;
  speakers: number[];
}

function drawPart(speakers: number, condition: Condition, rng: Rng, blur: Float32Array): Part {
  const count = speakers * EACH;
  const rows = {
    voice: new Float32Array(count * SIZE),
    face: new Float32Array(count * SIZE),
    present: new Float32Array(count),
  };
  const identities = Array.from({ length: speakers }, () => ({ voice: normals(rng), face: normals(rng) }));
  const keep = centring(new Float32Array(SIZE));
  const speakersOf = Array.from({ length: count }, (_, i) => Math.floor(i / EACH));
  for (const [row, speaker] of speakersOf.entries()) {
    const { voice, face } = identities[speaker];
    const chance = rng.next();
    const isSpoilt = condition === 'spoilt' && chance < SPOILT;
    rows.present[row] = condition === 'missing' && chance < MISSING ? 0 : 1;
    const into = (of: Float32Array) => of.subarray(row * SIZE, (row + 1) * SIZE);
    keep(noisy(voice, NOISE.voice, rng), into(rows.voice));
    keep(noisy(isSpoilt ? blur : face, isSpoilt ? 0.5 : NOISE.face, rng), into(rows.face));
  }
  return { rows, speakers: speakersOf };
}

const normals = (rng: Rng): Float32Array => Float32Array.from({ length: SIZE }, () => rng.normal());

/** A vector with noise; the second half of its numbers is noise alone, which a fusion can learn to leave out. */
const noisy = (vector: Float32Array, noise: number, rng: Rng): Float32Array =>
  vector.map((value, i) => (i < SIZE / 2 ? value : 0) + (i < SIZE / 2 ? 1 : NUISANCE) * noise * rng.normal());

async function measure(condition: Condition, seed: number, steps: number) {
  const rng = createRng(`drawn faces/${seed}`);
  const blur = normals(rng.fork('blur'));
  const training = drawPart(TRAINING, condition, rng.fork('training'), blur);
  const test = drawPart(TEST, condition, rng.fork('test'), blur);
  return withSession({ device: 'cpu', threads: 0, seed, name: 'drawn-faces' }, async (session) => {
    const fuser = createFuser({
      session,
      seed,
      sizes: { voice: SIZE, face: SIZE, fused: SIZE },
      classifier: { classes: TRAINING, loss: (context) => softmax.build({ ...context, options: {} }) },
      dropFaces: 0.3,
      optimizer: optimizerOptions.parse({ name: 'adam' }),
    });
    const labels = Int32Array.from(training.speakers);
    const sampler = createSampler({ count: labels.length, batchSize: 128, seed });
    for (let step = 0; step < steps; step++) {
      const { utterances } = sampler.batchAt(step);
      const rate = 0.005 * (1 - step / steps);
      await fuser.step(takeFusionRows(training.rows, utterances), labelsOf(labels, utterances), { step, rate });
    }
    const paths = test.speakers.map((_, i) => String(i));
    const trials = paths.flatMap((enrolment, i) =>
      paths.slice(i + 1).map((other) => ({
        enrolment,
        test: other,
        target: test.speakers[i] === test.speakers[Number(other)],
      })),
    );
    const trained = await fuser.fuse(training.rows);
    const fused = await fuser.fuse(test.rows);
    return scoreList(
      { trials, paths },
      { rows: test.rows, fused, fusedMean: fusedMean(trained.vectors, SIZE), faceWeight: 0.5 },
    );
  });
}

for (const condition of CONDITIONS) {
  const seeds = seedsUpTo(values.seeds);
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  for (const seed of seeds) measured.push(await measure(condition, seed, Number(values.steps)));
  const by = (of: (figures: (typeof measured)[number]) => number | null) =>
    measured.map((one) => of(one) ?? Number.NaN);
  const eers = {
    voice: by(({ voice }) => voice),
    face: by(({ face }) => face),
    scores: by(({ scores }) => scores),
    fused: by(({ fused }) => fused),
  };
  const means = Object.fromEntries(Object.entries(eers).map(([name, list]) => [name, mean(list)]));
  console.log(JSON.stringify({ condition, seeds, eers, means, faceShare: mean(by(({ faceShare }) => faceShare)) }));
}
