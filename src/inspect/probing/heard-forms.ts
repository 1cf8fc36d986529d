import { fbankOptions } from '../../audio/features/fbank-options.js';
import { planHostFbank } from '../../audio/features/host-fbank.js';
import { addPinkNoise, drawChannel, sendThrough } from '../../data/corpus/channel.js';
import type { Utterances } from '../../data/utterance-batches.js';
import { createRng, type Rng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** What is done to utterances before the networks hear them, and the number of what was done to each. */
export interface HeardForm {
  utterances: Utterances;
  /** [utterances] */
  kinds: Int32Array;
}

/** Signal-to-noise ratios that are told apart, in dB. */
export const SNR_DB = [0, 10, 20, 30];
/** Channels that are told apart. */
export const CHANNELS = 4;

/** Part of an utterance whose content is asked for, and the frames in its middle that say what it is. */
const EXCERPT_SECONDS = 0.4;
const MIDDLE_FRAMES = 3;

const floatsOf = (pcm: Int16Array): Float32Array => Float32Array.from(pcm, (sample) => sample / 32768);
const pcmOf = (samples: Float32Array): Int16Array =>
  Int16Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))));

/** Audio in memory as utterances. */
export const utterancesOf = (audio: readonly Int16Array[]): Utterances => ({
  samples: audio.map(({ length }) => length),
  read: (utterance, start, into) => into.set(audio[utterance].subarray(start, start + into.length)),
});

/** Every utterance changed in one of `count` ways, drawn by seed; the ways are evenly spread. */
function changed(
  audio: readonly Int16Array[],
  count: number,
  rng: Rng,
  change: (samples: Float32Array, kind: number, rng: Rng) => Float32Array,
): HeardForm {
  const kinds = rng.fork('kinds').shuffle(new Int32Array(audio.length).map((_, i) => i % count));
  const heard = audio.map((pcm, i) => pcmOf(change(floatsOf(pcm), kinds[i], rng.fork(i))));
  return { utterances: utterancesOf(heard), kinds };
}

/** Every utterance through one of a few random channels: a filter, a band limit, a noise. */
export function throughChannels(audio: readonly Int16Array[], seed: number): HeardForm {
  const rng = createRng(seed).fork('probe/channels');
  const channels = Array.from({ length: CHANNELS }, (_, i) => drawChannel(rng.fork(`channel${i}`)));
  return changed(audio, CHANNELS, rng, (samples, kind, draw) => sendThrough(samples, channels[kind], draw));
}

/** Every utterance in pink noise at one of a few ratios. */
export const inNoise = (audio: readonly Int16Array[], seed: number): HeardForm =>
  changed(audio, SNR_DB.length, createRng(seed).fork('probe/noise'), (samples, kind, draw) =>
    addPinkNoise(samples, SNR_DB[kind], draw),
  );

/** Excerpts of 0.4 s and what is in their middle: mel spectra less those of their utterance's mean, to be clustered into units. */
export interface Excerpts {
  utterances: Utterances;
  /** Of each excerpt's middle. // [utterances, bins] */
  spectra: Float32Array;
  bins: number;
}

/** An excerpt of every utterance, around a frame drawn by seed among the louder half; all of an utterance that is shorter. */
export function excerptsOf(audio: readonly Int16Array[], seed: number): Excerpts {
  const rng = createRng(seed).fork('probe/excerpts');
  const options = fbankOptions.parse({ bins: 40 });
  const { bins } = options;
  const fbank = planHostFbank(options);
  const spectra = new Float32Array(audio.length * bins);
  const excerpts = audio.map((pcm, i) => {
    const energies = fbank(floatsOf(pcm));
    const frame = loudFrame(energies, bins, rng.fork(i));
    spectra.set(middleSpectrum(energies, bins, frame), i * bins);
    const length = Math.min(pcm.length, Math.round(EXCERPT_SECONDS * SAMPLE_RATE_HZ));
    const centre = frame * 160 + 200;
    const start = Math.max(0, Math.min(pcm.length - length, Math.round(centre - length / 2)));
    return pcm.subarray(start, start + length);
  });
  return { utterances: utterancesOf(excerpts), spectra, bins };
}

/** A frame whose mean log energy is not below the median. */
function loudFrame(energies: Float32Array, bins: number, rng: Rng): number {
  const frames = energies.length / bins;
  if (frames < 1) return 0;
  const levels = Float64Array.from({ length: frames }, (_, frame) =>
    energies.subarray(frame * bins, (frame + 1) * bins).reduce((sum, value) => sum + value, 0),
  );
  const median = levels.toSorted()[Math.floor(frames / 2)];
  const loud = [...levels.keys()].filter((frame) => levels[frame] >= median);
  return loud[rng.int(loud.length)];
}

function middleSpectrum(energies: Float32Array, bins: number, centre: number): Float32Array {
  const frames = energies.length / bins;
  const spectrum = new Float32Array(bins);
  const first = Math.max(0, Math.min(frames - MIDDLE_FRAMES, centre - 1));
  const count = Math.min(MIDDLE_FRAMES, frames);
  for (let bin = 0; bin < bins && frames > 0; bin++) {
    for (let frame = 0; frame < frames; frame++) spectrum[bin] -= energies[frame * bins + bin] / frames;
    for (let k = 0; k < count; k++) spectrum[bin] += energies[(first + k) * bins + bin] / count;
  }
  return spectrum;
}
