import { intOf, readFields } from '../../io/protobuf/fields.js';
import { double, doubles, float, integer, type Message, message, nested, text } from '../../io/protobuf/message.js';
import type { LossHistogram } from '../../train/gate/loss-histogram.js';

// The messages of TensorBoard (tensorboard/compat/proto: event.proto, summary.proto, histogram.proto), as much of them as is written.

/** A tag of a summary, with its value. */
export type SummaryValue = { tag: string } & ({ scalar: number } | { histogram: LossHistogram });

/** Tells readers which rules of restarting hold; the first record of every event file. */
export const FILE_VERSION = 'brain.Event:2';

const START = 1;

/** The first event of a file. @param seconds since 1970 */
export const versionEvent = (seconds: number): Uint8Array => event(seconds, 0, text(3, FILE_VERSION));

/** Tells a reader who has seen an earlier file that its steps from `step` on are void. */
export const startEvent = (seconds: number, step: number): Uint8Array =>
  event(seconds, step, nested(7, message(integer(1, START))));

/** The values of a step. */
export const summaryEvent = (seconds: number, step: number, values: readonly SummaryValue[]): Uint8Array =>
  event(seconds, step, nested(5, message(...values.map((value) => nested(1, valueMessage(value))))));

/** A step of 0 is left out, as Protocol Buffers has it. */
function event(seconds: number, step: number, content: Message): Uint8Array {
  const at = step === 0 ? message() : integer(2, step);
  return Buffer.concat(message(double(1, seconds), at, content).pieces);
}

const valueMessage = (value: SummaryValue): Message =>
  message(
    text(1, value.tag),
    'scalar' in value ? float(2, value.scalar) : nested(5, histogramMessage(value.histogram)),
  );

function histogramMessage({ low, high, sum, sumSquares, counts }: LossHistogram): Message {
  const limits = counts.map((_, i) => low + ((high - low) * (i + 1)) / counts.length);
  const count = counts.reduce((total, part) => total + part, 0);
  return message(
    double(1, low),
    double(2, high),
    double(3, count),
    double(4, sum),
    double(5, sumSquares),
    doubles(6, limits),
    doubles(7, counts),
  );
}

/** When an event was made, in seconds since 1970, and its step; undefined for one that holds no summary. */
export function timeOfSummary(bytes: Uint8Array): { step: number; seconds: number } | undefined {
  let [step, seconds, isSummary] = [0, 0, false];
  for (const field of readFields(bytes)) {
    if (field.number === 1 && field.bytes) seconds = Buffer.from(field.bytes).readDoubleLE();
    if (field.number === 2) step = intOf(field);
    if (field.number === 5) isSummary = true;
  }
  return isSummary ? { step, seconds } : undefined;
}
