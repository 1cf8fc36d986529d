import { z } from 'zod';
import type { AudioPart } from '../../audio-part.js';
import { besideList } from '../source-stamp.js';
import { nameField } from './json-lines.js';

const channel = z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative()).min(1)]);
const seconds = z.number();

/** A recording: its channels in one file or several. Other fields stay unread. */
export const recording = z.object({
  id: nameField,
  sources: z
    .array(z.object({ type: z.string(), channels: z.array(z.number().int().nonnegative()).min(1), source: z.string() }))
    .min(1),
  duration: seconds.nonnegative(),
  transforms: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
});
export type Recording = z.output<typeof recording>;

/** Who speaks in a stretch of a recording. */
export const supervision = z.object({
  id: nameField,
  recording_id: nameField,
  start: seconds,
  duration: seconds,
  channel: channel.nullish(),
  speaker: nameField.nullish(),
  language: z.string().nullish(),
  gender: z.string().nullish(),
});

export type Supervision = z.output<typeof supervision>;

/** A line of a file of cuts: what every kind has. */
export const anyCut = z.looseObject({ id: nameField, type: z.string().optional() });

/** A cut of one recording. */
export const cut = z.object({
  id: nameField,
  start: seconds.nonnegative(),
  duration: seconds,
  channel: channel.nullish(),
  supervisions: z.array(supervision).nullish(),
  recording: recording.nullish(),
});

/** A stretch of a recording, in seconds, and the channels that are wanted. */
export interface Span {
  from: number;
  to: number;
  channel?: number | number[] | null;
}

/** What an end may miss a recording's by, and be its own: a rounded sample. */
const ROUNDED_SECONDS = 1e-3;

/**
 * The file and the part of it that a span is, or why it cannot be had. Channels that make up a whole file are averaged; relative paths are
 * looked for from the current folder, as Lhotse has it, then beside the list.
 */
export function soundOf(
  { id, sources, duration, transforms }: Recording,
  { from, to, channel }: Span,
  dir: string,
): { path: string; part?: AudioPart } | { unfit: string } {
  const [transform] = transforms ?? [];
  if (transform)
    return {
      unfit: `the recording ${id} is to be changed by ${transform.name ?? 'a transform'}; save its audio first`,
    };
  const wanted = channel === undefined || channel === null ? sources[0].channels : [channel].flat();
  const source = sources.find(({ channels }) => wanted.every((one) => channels.includes(one)));
  if (!source) return { unfit: `no file of the recording ${id} holds channel ${wanted.join(' and ')}` };
  if (source.type !== 'file') return { unfit: `the recording ${id} is a ${source.type}, and only files are read` };
  const single = wanted.length === 1 && source.channels.length > 1;
  if (!single && wanted.length < source.channels.length)
    return {
      unfit: `of the recording ${id}, one channel of a file or all can be had, and not ${wanted.join(' and ')}`,
    };
  const isWhole = from <= ROUNDED_SECONDS && to >= duration - ROUNDED_SECONDS;
  const part: AudioPart = {
    ...(single && { channel: source.channels.indexOf(wanted[0]) }),
    ...(!isWhole && { seconds: { from: Math.max(0, from), to } }),
  };
  const path = besideList(source.source, dir);
  return Object.keys(part).length > 0 ? { path, part } : { path };
}
