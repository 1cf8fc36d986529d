import { hostMfcc } from '../audio/features/host-mfcc.js';
import { periodicity } from '../audio/speech/periodicity.js';
import { VAD_FRAME_SECONDS, vadOptions, voiceActivity } from '../audio/speech/vad.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { likeliestChange } from './gaussian-change.js';

/** Measures of an utterance that need no trained model. */
export interface SpeechMeasures {
  seconds: number;
  speechSeconds: number;
  /** Power of speech over that of the quietest tenth, in dB; null without speech. */
  snrDb: number | null;
  /** The likeliest change of speaker and its gain (see {@link likeliestChange}); null where there is too little speech. */
  change: { atSeconds: number; gain: number } | null;
}

const CEPSTRA = 8;
/** Frames of voiced speech on each side of a change: a second and more of talk. */
const MARGIN_FRAMES = 60;
const VOICED = 0.5;
const VAD = vadOptions.parse({});

/** Measures one utterance. @param pcm 16 kHz */
export function measureSpeech(pcm: Int16Array): SpeechMeasures {
  const samples = Float32Array.from(pcm, (value) => value / 32768);
  const { active } = voiceActivity(samples, VAD);
  const frames = [...active.keys()].filter((frame) => active[frame] === 1);
  return {
    seconds: pcm.length / SAMPLE_RATE_HZ,
    speechSeconds: frames.length * VAD_FRAME_SECONDS,
    snrDb: frames.length === 0 ? null : signalToNoiseDb(samples, active),
    change: changeOf(samples, frames),
  };
}

/** Mean power of active frames less that of the quietest tenth, over the latter; from -10 to 60 dB. */
function signalToNoiseDb(samples: Float32Array, active: Uint8Array): number {
  const powers = Float64Array.from(active, (_, frame) => {
    let sum = 0;
    for (let i = frame * 160; i < (frame + 1) * 160; i++) sum += samples[i] ** 2;
    return sum / 160;
  });
  const floor = powers
    .slice()
    .sort()
    .slice(0, Math.ceil(powers.length / 10));
  const noise = mean(floor) + 1e-10;
  const speech = mean(powers.filter((_, frame) => active[frame] === 1));
  return Math.max(-10, Math.min(60, 10 * Math.log10(Math.max(speech / noise - 1, 0.1))));
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Only voiced frames are compared: noise and silence do not depend on the speaker. */
function changeOf(samples: Float32Array, speech: readonly number[]): SpeechMeasures['change'] {
  const periodic = periodicity(samples, (speech.at(-1) ?? -1) + 1);
  const frames = speech.filter((frame) => periodic[frame] > VOICED);
  if (frames.length < 2 * MARGIN_FRAMES) return null;
  const cepstra = hostMfcc(samples, CEPSTRA);
  const rows = new Float32Array(frames.length * CEPSTRA);
  frames.forEach((frame, i) => {
    rows.set(cepstra.subarray(frame * CEPSTRA, (frame + 1) * CEPSTRA), i * CEPSTRA);
  });
  const change = likeliestChange(rows, CEPSTRA, MARGIN_FRAMES);
  return change && { atSeconds: frames[change.at] * VAD_FRAME_SECONDS, gain: change.gain };
}
