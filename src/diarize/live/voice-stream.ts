import { z } from 'zod';
import { vadOptions } from '../../audio/speech/vad.js';
import { toPcm16 } from '../../data/shards/pcm16.js';
import { embedPieces } from '../../embed/embed-pieces.js';
import { UserError } from '../../errors.js';
import type { SpeakerModel } from '../../speakers/speaker-model.js';
import { type NameOptions, openVoiceNames, type VoiceIdentity, type VoiceNames } from '../names/voice-names.js';
import { floatSamples, type Pcm } from './float-samples.js';
import { createStreamResampler } from './stream-resampler.js';
import { createStreamSpeech, type SpokenStretch } from './stream-speech.js';

export const voiceStreamOptions = z.strictObject({
  sampleRateHz: z.number().int().min(4000).max(384000).describe('of the chunks'),
  joinSeconds: z.number().min(0).default(0.3).describe('pauses up to this length do not end a stretch'),
  padSeconds: z.number().min(0).max(1).default(0.05).describe('seconds added to each end of a stretch'),
  mostSeconds: z.number().min(1).max(120).default(10).describe('a stretch ends here at the latest'),
  vad: vadOptions.prefault({}),
});

/** Options of a stream: the sound, and how its voices are named. */
export type VoiceStreamOptions = z.input<typeof voiceStreamOptions> & NameOptions;

/** A stretch of speech from a stream, and whose voice it is. */
export interface HeardVoice extends VoiceIdentity {
  /** From the start of the stream. */
  startSeconds: number;
  endSeconds: number;
  /** What voice activity finds in it, without the pauses. */
  speechSeconds: number;
  /** As the model gives it: not normalised, no mean subtracted. // [size] */
  embedding: Float32Array;
}

/** Hears sound as it comes. */
export interface VoiceStream {
  /** null for a model without a calibration where none is chosen: nobody is named or numbered then. */
  threshold: VoiceNames['threshold'];
  /**
   * Hears the next samples, any number of them, which are copied.
   * @returns the stretches of speech that ended by now, in order
   * @throws UserError for samples that are not finite, and after the end
   */
  push(chunk: Pcm): Promise<HeardVoice[]>;
  /** The sound is over. @returns the stretches that were still open */
  end(): Promise<HeardVoice[]>;
}

/** Numbered voices that a stream remembers, unless told otherwise. */
const MOST_NUMBERED = 1000;
/** Samples that are heard at a time. */
const PART = 1 << 14;

/**
 * Opens a stream of sound of one channel, such as a microphone's or a call's: stretches of speech come out about a second after they have
 * ended, each with its embedding, and the name of an enrolled speaker or a number. The result does not depend on the lengths of the chunks. Memory
 * is bounded: a stretch of at most `mostSeconds`, a minute of levels and the voices that have a number.
 *
 * A stretch goes from pause to pause: two people without a pause between them are heard as one. `diarizeFile`, which hears a recording to its
 * end before it decides, tells them apart.
 * @throws UserError for options out of range, and as `openVoiceNames`
 */
export async function openVoiceStream(model: SpeakerModel, options: VoiceStreamOptions): Promise<VoiceStream> {
  const { store, mayBeMissing, mostNumbered = MOST_NUMBERED, search, log, ...others } = options;
  const { threshold, falseAccepts, leastSpeechSeconds, ...sound } = others;
  const parsed = voiceStreamOptions.safeParse(sound);
  if (!parsed.success) throw new UserError(`Options of a voice stream: ${z.prettifyError(parsed.error)}`);
  const naming = { store, mayBeMissing, mostNumbered, search, log, threshold, falseAccepts, leastSpeechSeconds };
  const names = await openVoiceNames(model, naming);
  const resampler = createStreamResampler(parsed.data.sampleRateHz);
  const speech = createStreamSpeech(parsed.data);
  // Chunks that come while the network runs wait for their turn.
  let turn: Promise<unknown> = Promise.resolve();
  let over = false;
  const inTurn = (hear: () => SpokenStretch[]): Promise<HeardVoice[]> => {
    const heard = turn.then(() => nameStretches(hear(), model, names));
    turn = heard.catch(() => {});
    return heard;
  };
  return {
    threshold: names.threshold,
    async push(chunk) {
      if (over) throw new UserError('The stream has ended: open another one for more sound.');
      const samples = floatSamples(chunk);
      return inTurn(() => [...partsOf(samples)].flatMap((part) => speech.push(resampler.push(part))));
    },
    async end() {
      if (over) throw new UserError('The stream has ended already.');
      over = true;
      return inTurn(() => [...speech.push(resampler.end()), ...speech.end()]);
    },
  };
}

/** Views of at most a second or so: what is held back is copied with every part. */
function* partsOf(samples: Float32Array): Generator<Float32Array> {
  for (let at = 0; at < samples.length; at += PART) yield samples.subarray(at, at + PART);
}

async function nameStretches(
  stretches: readonly SpokenStretch[],
  { extractor }: SpeakerModel,
  names: VoiceNames,
): Promise<HeardVoice[]> {
  const voices: HeardVoice[] = [];
  // One at a time: what a stretch is called may depend on the one before, and its embedding on nothing else.
  for (const { startSeconds, endSeconds, speechSeconds, samples } of stretches) {
    const embedding = await embedPieces([toPcm16(samples)], extractor);
    const source = `the stream at ${startSeconds.toFixed(2)} s`;
    const [identity] = names.name([{ source, speechSeconds, vector: embedding }]);
    voices.push({ startSeconds, endSeconds, speechSeconds, embedding, ...identity });
  }
  return voices;
}
