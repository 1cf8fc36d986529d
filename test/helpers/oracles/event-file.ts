import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Field, intOf, readFields, textOf } from '../../../src/io/protobuf/fields.js';

/** A value of an event file; a histogram as its counts. */
export interface EventValue {
  step: number;
  seconds: number;
  tag: string;
  value: number | number[];
}

const numbered = (bytes: Uint8Array): Map<number, Field> =>
  new Map([...readFields(bytes)].map((field) => [field.number, field]));

const float64s = ({ bytes = new Uint8Array() }: Field): number[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) => Buffer.from(bytes).readDoubleLE(8 * i));

/** Reads the values of all event files of a folder one after the other, as a reader that knows no restarts does. */
export function readEventValues(folder: string): EventValue[] {
  const names = readdirSync(folder).filter((name) => name.includes('tfevents'));
  return names.sort().flatMap((name) => valuesOf(readFileSync(join(folder, name))));
}

function valuesOf(file: Buffer): EventValue[] {
  const values: EventValue[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const event = numbered(file.subarray(at + 12, at + 12 + length));
    const [seconds] = float64s(event.get(1)!);
    const step = event.has(2) ? intOf(event.get(2)!) : 0;
    for (const { bytes } of readFields(event.get(5)?.bytes ?? new Uint8Array())) {
      const parts = numbered(bytes!);
      const histogram = parts.get(5);
      const value = histogram
        ? float64s(numbered(histogram.bytes!).get(7)!)
        : Buffer.from(parts.get(2)!.bytes!).readFloatLE();
      values.push({ step, seconds, tag: textOf(parts.get(1)!), value });
    }
    at += length + 16;
  }
  return values;
}
