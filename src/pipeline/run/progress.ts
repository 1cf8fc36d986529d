import type { Progress } from '../../plugin/stage.js';

/** The part of a stream that a progress display uses. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface ProgressOptions {
  stream: ProgressStream;
  /** Prefix of every line. */
  label: string;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
  environment?: NodeJS.ProcessEnv;
}

type State = Parameters<Progress['update']>[0];

const LIVE_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 10_000;
const CLEAR_LINE = '\r\x1b[2K';

/** A display on one live line of a terminal; elsewhere a plain line every ten seconds. */
export function createProgress({
  stream,
  label,
  now = () => performance.now(),
  environment = process.env,
}: ProgressOptions): Progress {
  const live = Boolean(stream.isTTY) && environment.TERM !== 'dumb';
  const colour = live && !environment.NO_COLOR;
  let first: { step: number; at: number } | undefined;
  let last: State | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn: State | undefined;

  const draw = (state: State) => {
    drawnAt = now();
    drawn = state;
    const seconds = first ? (drawnAt - first.at) / 1000 : 0;
    const text = lineOf(state, rateOf(state.step - (first?.step ?? 0), seconds));
    const columns = Math.max((stream.columns ?? 80) - 1, 20);
    if (live) stream.write(CLEAR_LINE + painted(label, text.slice(0, columns - label.length - 1), colour));
    else stream.write(`${label} ${text}\n`);
  };

  return {
    update(state) {
      // A stage of several parts counts each of them by itself.
      if (!first || state.total !== last?.total || state.step < last.step) first = { step: state.step, at: now() };
      last = state;
      if (now() - drawnAt >= (live ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) draw(state);
    },
    line(text) {
      stream.write(`${live && drawn ? CLEAR_LINE : ''}${painted(label, text, colour)}\n`);
      if (live && last) draw(last);
    },
    done() {
      if (last && (live || drawn !== last)) draw(last);
      if (live && last) stream.write('\n');
      last = undefined;
      drawn = undefined;
    },
  };
}

function painted(label: string, text: string, colour: boolean): string {
  return colour ? `\x1b[36m${label}\x1b[0m ${text}` : `${label} ${text}`;
}

/** Steps a second, or undefined before there are any. */
function rateOf(steps: number, seconds: number): number | undefined {
  return steps > 0 && seconds > 0 ? steps / seconds : undefined;
}

/** `120/1000 12%  loss 3.214  4.2 steps/s  3:29 left` */
function lineOf({ step, total, fields = {} }: State, rate: number | undefined): string {
  const share = total > 0 ? ` ${Math.floor((100 * step) / total)}%` : '';
  const values = Object.entries(fields).map(([name, value]) => `${name} ${shown(value)}`);
  const pace = rate === undefined ? [] : [paceOf(rate), `${clock((total - step) / rate)} left`];
  return [`${step}/${total}${share}`, ...values, ...pace].join('  ');
}

function paceOf(rate: number): string {
  return rate >= 1 ? `${shown(rate)} steps/s` : `${shown(1 / rate)} s/step`;
}

function shown(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** `3:29`, or `1:03:29` from one hour on. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const padded = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${padded(minutes)}:${padded(whole % 60)}` : `${minutes}:${padded(whole % 60)}`;
}
