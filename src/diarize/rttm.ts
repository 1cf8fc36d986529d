import { decimalOf } from '../data/decimal-field.js';
import { UserError } from '../errors.js';
import { readLines } from '../io/lines.js';
import type { Segment } from './segments.js';

/** Speaker turns of a recording as SPEAKER lines of the Rich Transcription Time Marked format (NIST RT-09 evaluation plan). */
export function rttmText(recording: string, segments: readonly Segment[]): string {
  const name = recording.replace(/\s+/g, '_');
  return segments
    .map(({ startSeconds, endSeconds, speaker }) => {
      const [start, duration] = [startSeconds, endSeconds - startSeconds].map((seconds) => seconds.toFixed(3));
      return `SPEAKER ${name} 1 ${start} ${duration} <NA> <NA> ${speaker.replace(/\s+/g, '_')} <NA> <NA>\n`;
    })
    .join('');
}

/** Reads an RTTM file: the segments of each recording in it. @throws UserError as `parseRttm`, and for a file that cannot be read */
export const readRttm = (path: string): Map<string, Segment[]> => segmentsOf(readLines(path), path);

/** The other types of lines (NIST RT-09 evaluation plan, appendix A). */
const OTHER_TYPES = new Set(
  'NOSCORE NO_RT_METADATA SEGMENT LEXEME NON-LEX NON-SPEECH FILLER EDIT IP SU CB A/P SPKR-INFO'.split(' '),
);

/**
 * Parses RTTM text: the SPEAKER lines by recording; lines of other types (SPKR-INFO, LEXEME, ...), comments (;;) and blank lines are
 * skipped, and so are segments without duration.
 * @param file the name that error messages show
 * @throws UserError with the line for one that is broken
 */
export const parseRttm = (text: string, file: string): Map<string, Segment[]> =>
  segmentsOf(text.replace(/^\uFEFF/, '').split(/\r?\n/), file);

function segmentsOf(lines: Iterable<string>, file: string): Map<string, Segment[]> {
  const recordings = new Map<string, Segment[]>();
  let number = 0;
  for (const line of lines) {
    number++;
    const [type, recording, , start, duration, , , speaker] = line.trim().split(/\s+/);
    if (type === '' || type.startsWith(';') || OTHER_TYPES.has(type)) continue;
    const startSeconds = decimalOf(start);
    const seconds = decimalOf(duration);
    if (type !== 'SPEAKER' || speaker === undefined || !(startSeconds >= 0 && seconds >= 0)) {
      throw new UserError(
        `${file}:${number}: expected "SPEAKER RECORDING 1 START DURATION <NA> <NA> NAME <NA> <NA>" with times in ` +
          `seconds, got ${JSON.stringify(line.slice(0, 120))}.`,
      );
    }
    const segments = recordings.get(recording) ?? [];
    recordings.set(recording, segments);
    if (seconds > 0) segments.push({ startSeconds, endSeconds: startSeconds + seconds, speaker });
  }
  return recordings;
}
