import type { SpeechMeasures } from '../../diarize/measure-speech.js';
import type { Limits, Reason } from './decide.js';

/** What is wrong with recordings of which the filter leaves none, and what to do. @param file filter.jsonl */
export function noneLeft(
  measures: readonly SpeechMeasures[],
  reasons: Readonly<Partial<Record<Reason, number>>>,
  { leastSpeech, leastSpeechSeconds, leastSnrDb }: Limits,
  file: string,
): string {
  const all = measures.length;
  const minutes = (measure: (one: SpeechMeasures) => number) =>
    (measures.reduce((sum, one) => sum + measure(one), 0) / 60).toFixed(1);
  const found = [
    counted(reasons['no speech'], `with less than ${leastSpeechSeconds} s or ${100 * leastSpeech} % of speech`),
    counted(reasons.noise, `whose speech is less than ${leastSnrDb} dB above the background`),
    counted(reasons['several speakers'], 'of several speakers'),
  ].filter((line) => line !== null);
  const heard = `speech was found in ${minutes((one) => one.speechSeconds)} of ${minutes((one) => one.seconds)} minutes`;
  return (
    `None of ${all} utterances is speech that voices can be learnt from: ${found.join(', ')} (some are both); ${heard}. ` +
    `Listen to some of those in ${file}, which has the measures of each. If nobody speaks in them, give other recordings; if ` +
    "somebody does, they are too short, too quiet or too noisy for the filter's limits (leastSpeech, leastSpeechSeconds, leastSnrDb)."
  );
}

const counted = (count: number | undefined, what: string): string | null => (count ? `${count} ${what}` : null);
