import type { UtteranceBatch } from '../data/utterance-batches.js';
import { createRng } from '../random.js';

/** Speech below this level is brought up to it, RMS on int16 scale: -40 dB of full scale. */
export const LOWEST_LEVEL = 328;
/** Speech above this level is brought down to it: -16 dB of full scale. */
export const HIGHEST_LEVEL = 5193;
/** The noise that is heard with it, RMS on int16 scale: that of the dither that training adds. */
export const NOISE_LEVEL = 1;
/** What a model hears of a recording: speech as it was in training, the samples of the file, or those as Resemblyzer changes them. */
export type Hearing = 'levelled' | 'unchanged' | 'raised';

const DESCRIPTIONS: Readonly<Record<Hearing, string>> = {
  levelled: 'speech at -40 to -16 dB, dither of one bit',
  unchanged: 'recordings as they are',
  raised: 'recordings at -30 dB or more, in whole windows of 1.6 s',
};

/** Part of a model's identity: embeddings that were made from other levels or without the noise cannot be compared with these. */
export const describeHearing = ({ hearing = 'levelled' }: { hearing?: Hearing }): string => DESCRIPTIONS[hearing];

/** Ten milliseconds. */
const FRAME = 160;
/** A frame 50 dB below the speech holds nothing, nor does one of a single step of 16 bits. Powers: relative, and on int16 scale. */
const SILENT_SHARE = 1e-5;
const SILENT_POWER = 2;
/** Of silence at an end these frames are left. */
const KEPT_FRAMES = 2;
/** Samples after which the noise repeats: eight seconds. */
const NOISE_SAMPLES = 1 << 17;

/** A batch as the network hears it. */
export interface HeardBatch {
  /** Samples of a row with what is behind its end. */
  samples: number;
  /** On int16 scale, zeros behind the end of each row. // [rows, samples] */
  wave: Float32Array;
  /** To be added to every row. // [samples] */
  noise: Float32Array;
  /** Samples of each row. // [rows] */
  lengths: Int32Array;
}

/**
 * Makes recordings sound like those of the training, which heard dither in every frame, and mostly speech in noise, at ordinary levels.
 * A network that meets the exact zeros of a noise gate, a lost packet or padding, or speech that 16 bits hardly hold, gives a vector far
 * from the speaker's: the logarithm of nothing is further from speech than any noise is, and mean normalisation spreads it over all
 * frames. So noise is added that covers zeros and real silence alike, silence at the ends is cut away, and a row whose level is out of
 * the ordinary range is brought to the range's edge; within it a row keeps its level, as in training, for its own noise belongs to it.
 * All of it depends on the row alone, and the noise on the place in it: a recording has one vector, whatever it is batched with.
 */
export function hearBatch({ pcm, lengths, rows, samples }: UtteranceBatch): HeardBatch {
  const wave = new Float32Array(rows * samples);
  const heard = lengths.map((length, row) => {
    const audio = pcm.subarray(row * samples, row * samples + length);
    const { gain, start, end } = soundOf(audio);
    for (let i = start, at = row * samples; i < end; i++, at++) wave[at] = gain * audio[i];
    return end - start;
  });
  return { samples, wave, noise: noiseOf(samples), lengths: heard };
}

/** A batch as it is, for models that were made to hear recordings so. */
export function hearUnchanged({ pcm, lengths, samples }: UtteranceBatch): HeardBatch {
  return { samples, wave: Float32Array.from(pcm), noise: new Float32Array(samples), lengths: Int32Array.from(lengths) };
}

/** The gain that brings a row into the range of levels, and its samples without the silence at its ends. */
function soundOf(audio: Int16Array): { gain: number; start: number; end: number } {
  const powers = framePowers(audio);
  const level = speechLevel(powers);
  if (level === 0) return { gain: 1, start: 0, end: audio.length };
  const gain = Math.min(HIGHEST_LEVEL, Math.max(LOWEST_LEVEL, level)) / level;
  const isAudible = (power: number) => power > Math.max(SILENT_POWER, SILENT_SHARE * level ** 2);
  const first = powers.findIndex(isAudible);
  if (first === -1) return { gain, start: 0, end: audio.length };
  const behind = powers.length - 1 - powers.findLastIndex(isAudible);
  const cut = (frames: number) => Math.max(0, frames - KEPT_FRAMES) * FRAME;
  return { gain, start: cut(first), end: behind > KEPT_FRAMES ? powers.length * FRAME - cut(behind) : audio.length };
}

/** Power of each frame around its mean, so that an offset is no sound; the last frame reaches to the end. */
function framePowers(audio: Int16Array): Float64Array {
  const frames = Math.max(1, Math.floor(audio.length / FRAME));
  return Float64Array.from({ length: frames }, (_, frame) => {
    const [from, to] = [frame * FRAME, frame === frames - 1 ? audio.length : (frame + 1) * FRAME];
    let [sum, squares] = [0, 0];
    for (let i = from; i < to; i++) {
      sum += audio[i];
      squares += audio[i] ** 2;
    }
    const size = Math.max(1, to - from);
    return Math.max(0, squares / size - (sum / size) ** 2);
  });
}

/** RMS of the speech: loud frames weigh more in the mean, each by its power, and silence, however long, weighs nothing. */
function speechLevel(powers: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const power of powers) {
    sum += power;
    squares += power ** 2;
  }
  return sum === 0 ? 0 : Math.sqrt(squares / sum);
}

let period: Float32Array | undefined;

/** The noise that is heard with a row of so many samples: the same in every row, and every eight seconds. // [samples] */
export function noiseOf(samples: number): Float32Array {
  period ??= drawNoise();
  const noise = new Float32Array(samples);
  for (let at = 0; at < samples; at += NOISE_SAMPLES) {
    noise.set(period.subarray(0, Math.min(NOISE_SAMPLES, samples - at)), at);
  }
  return noise;
}

function drawNoise(): Float32Array {
  const rng = createRng('hearing');
  return new Float32Array(NOISE_SAMPLES).map(() => NOISE_LEVEL * rng.normal());
}
