import {
  artifact,
  defineAugmentation,
  type NoiseBank,
  oneOf,
  type RowChange,
  rangeOf,
  type Tensor,
  z,
} from '../index.js';
import { addNoise, babble, noiseOptions } from './noise.js';
import { normalisePeaks } from './peak-normalise.js';
import { reverberate } from './reverb.js';

/** Shares of the rows that get a room, noise, or a room and then noise; the rest stays as it is. */
interface Mixing {
  reverb: number;
  noise: number;
  both: number;
  gainDb?: [number, number];
  noises?: z.input<typeof noiseOptions>;
  normalise?: boolean;
}

const SSL_GAIN_DB: [number, number] = [-7, 3];

/**
 * How published recipes mix noises and rooms: WeSpeaker, 3D-Speaker (supervised; RDINO and SDPN), sslsv (its modes), and the two
 * stages of loss-gated learning (Tao et al., "Self-Supervised Speaker Recognition with Loss-Gated Learning", 2022, arXiv:2110.03869).
 */
const recipes = {
  wespeaker: { reverb: 0.3, noise: 0.3, both: 0, normalise: true },
  'wespeaker-ssl': { reverb: 0.5, noise: 0.5, both: 0, normalise: true },
  '3d-speaker': {
    reverb: 0.8 / 3,
    noise: 0.8 / 3,
    both: 0.8 / 3,
    noises: { speech: { snrDb: [0, 15] }, music: { snrDb: [0, 15] } },
  },
  '3d-speaker-ssl': { reverb: 1 / 8, noise: 3 / 8, both: 1 / 3, gainDb: SSL_GAIN_DB, noises: babble },
  'sslsv-both': { reverb: 0, noise: 0, both: 1, noises: { speech: { snrDb: [13, 20] } } },
  'sslsv-all': { reverb: 0.25, noise: 0.25, both: 0.25, noises: { speech: { snrDb: [13, 20] } } },
  'loss-gated': { reverb: 0.25, noise: 0.25, both: 0.5, gainDb: SSL_GAIN_DB, noises: { speech: { snrDb: [13, 20] } } },
  'loss-gated-2': { reverb: 0.25, noise: 0.25, both: 0.25, noises: babble },
} satisfies Record<string, Mixing>;

const names = Object.keys(recipes) as [keyof typeof recipes, ...(keyof typeof recipes)[]];
const share = z.number().min(0).max(1);

export const recipeOptions = z
  .strictObject({
    recipe: z
      .enum(names)
      .default('wespeaker')
      .describe('published recipe whose shares, ratios and gains are the defaults'),
    reverb: share.optional().describe('share of the crops that are played in a room'),
    noise: share.optional().describe('share of the crops that get noise'),
    both: share.optional().describe('share of the crops that get both, the room first'),
    gainDb: rangeOf(0, 0).removeDefault().optional().describe('gain of the rooms in dB'),
    noises: noiseOptions.optional().describe('how often and how loud each kind of noise is mixed in'),
    normalise: z.boolean().optional().describe('scale the changed crops so that their peak is full scale'),
  })
  .transform(({ recipe, ...options }) => {
    const published: Mixing = recipes[recipe];
    const { reverb = published.reverb, noise = published.noise, both = published.both } = options;
    const { gainDb = published.gainDb ?? [0, 0], normalise = published.normalise ?? false } = options;
    const { noises = noiseOptions.parse(published.noises ?? {}) } = options;
    return { reverb, noise, both, gainDb, normalise, noises };
  })
  .refine(
    ({ reverb, noise, both }) => reverb + noise + both <= 1 + 1e-9,
    'reverb, noise and both add up to more than 1',
  );

/** Noises and rooms as a recipe mixes them. `wave` [rows, samples] float32 on int16 scale; no gradient flows through. */
export function mixNoiseAndRooms(
  wave: Tensor,
  bank: NoiseBank,
  options: z.output<typeof recipeOptions>,
  name: string,
): Tensor {
  const { normalise } = options;
  const room = (rows: Tensor, part: string) => reverberate(rows, bank, options, `${part}/room`);
  const noisy = (rows: Tensor, part: string) => addNoise(rows, bank, options.noises, `${part}/noise`);
  const ways: [number, RowChange][] = [
    [options.reverb, room],
    [options.noise, noisy],
    [options.both, (rows, part) => noisy(room(rows, part), part)],
  ];
  const branches = ways.map(([share, apply]) => ({
    share,
    apply: (rows: Tensor, part: string) => (normalise ? normalisePeaks(apply(rows, part)) : apply(rows, part)),
  }));
  return oneOf(wave, branches, name);
}

/** Noises and rooms as published recipes mix them. */
export default defineAugmentation({
  name: 'noise-reverb',
  summary:
    'Noises and rooms with the shares, ratios and gains of a published recipe (WeSpeaker, 3D-Speaker, sslsv, ...).',
  options: z.strictObject({
    bank: artifact('noises').describe('the stage that gathered noises and room responses'),
    mix: recipeOptions.prefault({}),
  }),
  apply: (wave, { name, options, bank }) => mixNoiseAndRooms(wave, bank(options.bank), options.mix, name),
});
