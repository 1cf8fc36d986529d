import { UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';

/** A phone of an utterance. */
export interface AlignedPhone {
  utterance: string;
  /** Seconds. */
  start: number;
  end: number;
  phone: string;
  /** Of its line, for messages. */
  line: number;
}

/** Ends that written times may differ by, in seconds: they have two or three decimals. */
const ROUNDING_SECONDS = 0.006;

/**
 * The phones of an alignment, in the order of its lines: CTM (`UTTERANCE CHANNEL START DURATION PHONE`, then perhaps a confidence), or
 * `UTTERANCE START DURATION PHONE`. Lines that begin with ;; or # are comments.
 * @throws UserError with the number of the line that is neither, or has a time below 0
 */
export function* readAlignment(path: string): Generator<AlignedPhone> {
  let line = 0;
  for (const text of readLines(path)) {
    line++;
    if (text.trim() === '' || /^\s*(;;|#)/.test(text)) continue;
    const fields = text.trim().split(/\s+/);
    const ctm = fields.length === 5 || fields.length === 6;
    const [start, duration] = (ctm ? fields.slice(2, 4) : fields.slice(1, 3)).map(Number);
    const phone = fields[ctm ? 4 : 3];
    if ((!ctm && fields.length !== 4) || !(start >= 0 && duration >= 0))
      throw new UserError(
        `${path}:${line}: expected "UTTERANCE START DURATION PHONE", or CTM's "UTTERANCE CHANNEL START DURATION PHONE", times in seconds ` +
          `from 0 up, got ${JSON.stringify(text)}.`,
      );
    yield { utterance: fields[0], start, end: start + duration, phone, line };
  }
}

/** What is wrong with the phones of one utterance, sorted by start, for audio of so many seconds; undefined where they fit. */
export function misfit(phones: readonly AlignedPhone[], seconds: number, slackSeconds: number): string | undefined {
  const overlap = phones.findIndex((phone, i) => i > 0 && phone.start < phones[i - 1].end - ROUNDING_SECONDS);
  if (overlap > 0) {
    const [earlier, later] = [phones[overlap - 1], phones[overlap]];
    return (
      `lines ${earlier.line} and ${later.line}: '${earlier.phone}' ends at ${rounded(earlier.end)} s and '${later.phone}' begins at ` +
      `${rounded(later.start)} s: phones of '${later.utterance}' overlap`
    );
  }
  const last = phones.at(-1);
  if (!last || last.end <= seconds + slackSeconds) return undefined;
  return (
    `line ${last.line}: '${last.phone}' of '${last.utterance}' ends at ${rounded(last.end)} s, and its audio has ${rounded(seconds)} s: ` +
    'the alignment is of other audio'
  );
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** The class of every frame of so many: that of the phone that lies over its middle, -1 where none does. */
export function frameClasses(
  phones: readonly Pick<AlignedPhone, 'start' | 'end' | 'phone'>[],
  classes: ReadonlyMap<string, number>,
  { frames, shiftMs }: { frames: number; shiftMs: number },
): Int16Array {
  const labels = new Int16Array(frames).fill(-1);
  for (const { start, end, phone } of phones) {
    const at = (seconds: number) => Math.min(frames, Math.max(0, Math.ceil((seconds * 1000) / shiftMs - 0.5 - 1e-9)));
    labels.fill(classes.get(phone) ?? -1, at(start), at(end));
  }
  return labels;
}
