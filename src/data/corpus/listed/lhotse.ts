import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../../../errors.js';
import { createNameTable, type NameTable } from '../../name-table.js';
import { packedRows } from '../../packed-rows.js';
import { createTextStore, type TextStore } from '../../text-store.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { parseObject, readJsonLines } from './json-lines.js';
import {
  anyCut,
  cut,
  type Recording,
  recording,
  type Span,
  type Supervision,
  soundOf,
  supervision,
} from './lhotse-objects.js';
import {
  buildListedCorpus,
  type ListedCorpusOptions,
  type ListedData,
  type ListedUtterance,
  listedPlan,
} from './listed-corpus.js';

/**
 * Makes a corpus of what Lhotse describes. `root` is a file of cuts; one of supervisions, beside which the file of recordings has the same
 * name but for that word; or a folder that holds one of them. Every supervision is an utterance of its name; a cut without any is one of an
 * unknown speaker. Files may be packed (.jsonl.gz).
 * @throws UserError with the number of a broken line, for a recording that is not in the list, and for an utterance that is named twice
 */
export function buildLhotseCorpus(options: ListedCorpusOptions): Promise<CorpusSummary> {
  return buildListedCorpus(options, {
    name: 'lhotse',
    origin: `The recordings of the Lhotse manifest \`${resolve(options.root)}\``,
    another: 'a manifest',
    read: async (root) => listedPlan(await readLhotse(root)),
  });
}

/** What a manifest names. @throws UserError as `buildLhotseCorpus` */
export async function readLhotse(root: string): Promise<ListedData> {
  const path = manifestIn(root);
  const collected = collector(path);
  if (basename(path).includes('supervisions')) await readSupervisions(path, collected);
  else await readCuts(path, collected);
  return collected.data();
}

/** The file of cuts or supervisions that a file or folder means. */
function manifestIn(root: string): string {
  if (!existsSync(root))
    throw new UserError(`${root} does not exist. Give a file of cuts or supervisions, .jsonl or .jsonl.gz.`);
  if (!statSync(root).isDirectory()) return root;
  const files = readdirSync(root).filter((name) => /\.jsonl(\.gz)?$/.test(name));
  for (const kind of ['cuts', 'supervisions']) {
    const found = files.filter((name) => name.includes(kind)).sort();
    if (found.length === 1) return join(root, found[0]);
    if (found.length > 1)
      throw new UserError(`${root} holds ${found.length} files of ${kind} (${found.join(', ')}). Give one of them.`);
  }
  throw new UserError(`${root} holds neither cuts nor supervisions (.jsonl, .jsonl.gz).`);
}

/** Utterances as they are read. */
interface Collector {
  add(place: string, utterance: Omit<ListedUtterance, 'path' | 'part'>, source: Recording, span: Span): void;
  skip(name: string, kind: string, reason: string): void;
  data(): ListedData;
}

function collector(path: string): Collector {
  const names = createNameTable();
  const utterances = packedRows<ListedUtterance>();
  const skipped = packedRows<Skipped>();
  const skip = (file: string, kind: string, reason: string) => skipped.push({ file, kind, reason });
  return {
    skip,
    add(place, { name, ...known }, source, span) {
      if (span.to <= span.from) {
        skip(name, 'too short', `too short: ${place} gives it ${Math.max(0, span.to - span.from)} s`);
        return;
      }
      const sound = soundOf(source, span, dirname(path));
      if ('unfit' in sound) {
        skip(name, 'unreadable', `${place}: ${sound.unfit}`);
        return;
      }
      if (names.add(name) < utterances.length) throw new UserError(`${place}: the utterance ${name} is named before.`);
      utterances.push({ name, ...sound, ...known });
    },
    data() {
      if (utterances.length > 0) return { names, utterances, skipped };
      const [first] = skipped;
      throw new UserError(`${path} names no utterance that can be used${first ? `: ${first.reason}` : ''}.`);
    },
  };
}

async function readSupervisions(path: string, { add }: Collector): Promise<void> {
  const beside = join(dirname(path), basename(path).replace('supervisions', 'recordings'));
  const list = [beside, beside.replace(/\.gz$/, ''), `${beside}.gz`].find(existsSync);
  if (list === undefined)
    throw new UserError(`${beside} does not exist: the recordings that ${path} is about are described there.`);
  const recordings = await readRecordings(list);
  for await (const { place, value } of readJsonLines(path, supervision)) {
    const number = recordings.names.find(value.recording_id);
    if (number < 0) throw new UserError(`${place}: ${list} has no recording ${value.recording_id}.`);
    const source = JSON.parse(recordings.texts.at(number)) as Recording;
    const { start, duration, channel } = value;
    add(place, aboutOf(value), source, { from: start, to: start + duration, channel });
  }
}

/** Recordings by name, as JSON: some hundred bytes each. */
async function readRecordings(path: string): Promise<{ names: NameTable; texts: TextStore }> {
  const [names, texts] = [createNameTable(), createTextStore()];
  for await (const { place, value } of readJsonLines(path, recording)) {
    if (names.add(value.id) < texts.size) throw new UserError(`${place}: the recording ${value.id} is named before.`);
    texts.push(JSON.stringify(value));
  }
  return { names, texts };
}

async function readCuts(path: string, { add, skip }: Collector): Promise<void> {
  for await (const { place, value } of readJsonLines(path, anyCut)) {
    if (value.type === 'MixedCut' || value.type === 'PaddingCut') {
      skip(value.id, 'mixed', `${place}: a ${value.type} is not one recording; save its audio first`);
      continue;
    }
    const { id, start, duration, channel, recording: source, supervisions } = parseObject(place, cut, value);
    if (!source) {
      skip(id, 'without a recording', `${place}: the cut has no recording, only features perhaps`);
      continue;
    }
    const end = start + duration;
    const parts = supervisions ?? [];
    if (parts.length === 0) {
      const unknown = { name: id, speaker: null, language: null, gender: undefined };
      add(place, unknown, source, { from: start, to: end, channel });
    }
    for (const part of parts) {
      // Counted from the cut's start; what reaches beyond the cut is cut off.
      const from = Math.max(start, start + part.start);
      const to = Math.min(end, start + part.start + part.duration);
      add(place, aboutOf(part), source, { from, to, channel: part.channel ?? channel });
    }
  }
}

function aboutOf({ id, speaker, language, gender }: Supervision): Omit<ListedUtterance, 'path' | 'part'> {
  return { name: id, speaker: speaker || null, language: language ?? null, gender: gender ?? undefined };
}
