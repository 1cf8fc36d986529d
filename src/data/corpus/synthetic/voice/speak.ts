import type { Rng } from '../../../../random.js';
import { record } from './recording.js';
import { render } from './render.js';
import { drawScript, drawStyle } from './script.js';
import { drawSpeaker } from './speaker.js';
import { moveThrough } from './tracks.js';

/**
 * One utterance of a made-up voice: a source-filter synthesizer speaks random syllables in the voice that `voice` draws;
 * what is said, how, and the recording come from `utterance` alone.
 * @returns 16 kHz mono in [-1, 1]
 */
export function speak(voice: Rng, utterance: Rng, seconds: number): Float32Array {
  const speaker = drawSpeaker(voice.fork('speaker'));
  const style = drawStyle(utterance.fork('style'));
  const segments = drawScript(speaker, style, seconds, utterance.fork('script'));
  const tracks = moveThrough(segments, speaker, style, seconds, utterance.fork('intonation'));
  const samples = render(tracks, speaker, style, utterance.fork('sound'));
  record(samples, utterance.fork('recording'));
  return samples;
}
