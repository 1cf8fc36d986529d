import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../../errors.js';
import { createNameTable } from '../../name-table.js';
import { packedRows } from '../../packed-rows.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { besideList } from '../source-stamp.js';
import { readJsonLines } from './json-lines.js';
import {
  buildListedCorpus,
  type ListedCorpusOptions,
  type ListedData,
  type ListedUtterance,
  listedPlan,
} from './listed-corpus.js';

/** Options of `buildNemoCorpus`; `root` is a manifest of JSON lines, which may be packed (.gz). */
export interface NemoCorpusOptions extends ListedCorpusOptions {
  /** The field that names the speaker. Default: the first of `speaker`, `speaker_id` and `label` that a line has. */
  speakerField?: string;
}

/** Fields of a line; the others stay unread. */
const nemoLine = z.looseObject({
  audio_filepath: z.string().min(1),
  offset: z.number().nonnegative().nullish(),
  duration: z.number().nullish(),
  lang: z.string().nullish(),
  language: z.string().nullish(),
  gender: z.string().nullish(),
});

const SPEAKER_FIELDS = ['speaker', 'speaker_id', 'label'];

/**
 * Makes a corpus of a manifest of NVIDIA NeMo: a line for each utterance, with `audio_filepath` and, where they are known, `offset` and
 * `duration` in seconds, the speaker, `lang` and `gender`. An utterance is named by its path, with `#t=FROM,TO` behind it where its offset
 * is not 0. Those of no duration are left out.
 * @throws UserError with the number of a broken line, and for an utterance that is named twice
 */
export function buildNemoCorpus({ speakerField, ...options }: NemoCorpusOptions): Promise<CorpusSummary> {
  return buildListedCorpus(options, {
    name: 'nemo',
    origin: `The recordings of the NeMo manifest \`${resolve(options.root)}\``,
    another: 'a manifest',
    settings: { speakerField: speakerField ?? null },
    read: async (path) => listedPlan(await readNemoManifest(path, speakerField)),
  });
}

/** What a manifest names. @throws UserError as `buildNemoCorpus` */
export async function readNemoManifest(path: string, speakerField?: string): Promise<ListedData> {
  const names = createNameTable();
  const utterances = packedRows<ListedUtterance>();
  const skipped = packedRows<Skipped>();
  const fields = speakerField === undefined ? SPEAKER_FIELDS : [speakerField];
  for await (const { place, value } of readJsonLines(path, nemoLine)) {
    const { audio_filepath: file, offset, duration } = value;
    const from = offset ?? 0;
    const to = typeof duration === 'number' ? from + duration : null;
    const name = from > 0 ? `${file}#t=${seconds(from)},${to === null ? '' : seconds(to)}` : file;
    if (to !== null && to <= from) {
      skipped.push({
        file: name,
        kind: 'too short',
        reason: `too short: ${place} gives it a duration of ${duration} s`,
      });
      continue;
    }
    if (names.add(name) < utterances.length) throw new UserError(`${place}: the utterance ${name} is named before.`);
    utterances.push({
      name,
      path: besideList(file, dirname(path)),
      part: from > 0 || to !== null ? { seconds: { from, to } } : undefined,
      speaker: speakerOf(place, value, fields),
      language: value.lang ?? value.language ?? null,
      gender: value.gender ?? undefined,
    });
  }
  if (utterances.length === 0) throw new UserError(`${path} names no utterance with a duration.`);
  return { names, utterances, skipped };
}

/** Without the digits that sums of seconds leave. */
const seconds = (value: number): string => String(Math.round(value * 1e6) / 1e6);

function speakerOf(place: string, line: Record<string, unknown>, fields: readonly string[]): string | null {
  const field = fields.find((name) => line[name] !== undefined && line[name] !== null && line[name] !== '');
  if (field === undefined) return null;
  const value = line[field];
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new UserError(`${place}: ${field}: a speaker is a text or a number, and not ${JSON.stringify(value)}.`);
}

/** The file of a line of a manifest; undefined for a line that names none. */
export function nemoSound(line: string, dir: string): string | undefined {
  try {
    const { audio_filepath: file } = JSON.parse(line) as { audio_filepath?: unknown };
    return typeof file === 'string' ? besideList(file, dir) : undefined;
  } catch {
    return undefined;
  }
}
