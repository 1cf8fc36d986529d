/** Reports the progress of a piece of work. */
export type Report = (label: string, doneBytes: number, totalBytes: number | null) => void;

export interface Progress {
  report: Report;
  /** Prints a line of text, clear of the live line. */
  say: (line: string) => void;
  /** Ends the live line. */
  finish: () => void;
}

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;

/**
 * Shows progress on a stream: one live line on a terminal, else a plain line every 5 s. The rate is the mean since a piece
 * of work began, without what an earlier, broken download had brought.
 */
export function createProgress(
  stream: Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number },
  clock: () => number = () => performance.now(),
): Progress {
  const live = stream.isTTY === true;
  const every = live ? LIVE_EVERY_MS : PLAIN_EVERY_MS;
  let current: { label: string; startMs: number; startBytes: number; shownMs: number } | undefined;
  let drawn = false;
  const finish = (): void => {
    if (drawn) stream.write('\n');
    drawn = false;
    current = undefined;
  };
  const report: Report = (label, done, total) => {
    const now = clock();
    if (current?.label !== label) {
      finish();
      current = { label, startMs: now, startBytes: done, shownMs: now - every };
    }
    const last = live && done === total;
    if (now - current.shownMs < every && !last) return;
    current.shownMs = now;
    const line = progressLine(label, done, total, done - current.startBytes, now - current.startMs);
    stream.write(live ? `\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}` : `${line}\n`);
    drawn = live;
  };
  const say = (line: string): void => {
    finish();
    stream.write(`${line}\n`);
  };
  return { report, say, finish };
}

/** `tensorflow.whl  123.4 / 273.8 MB  45 %  12.3 MB/s  0:12 left`; `moved` bytes took `elapsedMs`. */
export function progressLine(
  label: string,
  done: number,
  total: number | null,
  moved: number,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? moved / (elapsedMs / 1000) : 0;
  const parts = [label, total === null ? `${megabytes(done)} MB` : `${megabytes(done)} / ${megabytes(total)} MB`];
  if (total !== null) parts.push(`${total > 0 ? Math.floor((100 * done) / total) : 100} %`);
  if (rate > 0) parts.push(`${megabytes(rate)} MB/s`);
  if (rate > 0 && total !== null && done < total) parts.push(`${clockTime((total - done) / rate)} left`);
  return parts.join('  ');
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** `0:07`, `12:30`, `1:02:03`. */
function clockTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${h > 0 ? String(m).padStart(2, '0') : m}:${String(s).padStart(2, '0')}`;
  return h > 0 ? `${h}:${tail}` : tail;
}
