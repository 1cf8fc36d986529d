import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { audioExtensions } from '../../audio/decode/formats.js';
import { UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';
import { withFile } from '../../io/read-file.js';
import { type PackedRows, packedRows, rowsFrom } from '../packed-rows.js';
import { indexTar, type TarMember } from '../tar.js';
import type { CorpusSummary } from './corpus-folder.js';
import type { Skipped } from './finish-corpus.js';
import { keepApart } from './keep-apart.js';
import type { PlannedRecording } from './planned-corpus.js';
import { listRecordings } from './recordings.js';
import { safeNames } from './safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from './shard-corpus.js';
import { besideList } from './source-stamp.js';

/** Options of `buildTarCorpus`. */
export interface TarCorpusOptions extends ShardCorpusOptions {
  /** A folder of .tar files, or a file that lists them. */
  root: string;
}

const LONGEST_SPEAKER = 1024;

/**
 * Makes a corpus of tar shards as WeSpeaker and WebDataset write them: members `key.wav` (or another format) and `key.spk`, which
 * holds the speaker's name. Nothing is unpacked. Speakers may be missing; a shard that was cut short is used up to the cut.
 * @throws UserError for a member whose name leads out of its archive, or when no recording is found
 */
export async function buildTarCorpus(options: TarCorpusOptions): Promise<CorpusSummary> {
  const { shards, root } = findShards(options.root);
  keepApart(options.out, root);
  const hash = createHash('sha256');
  const skipped = packedRows<Skipped>();
  const utterances = packedRows<{ shard: string; key: string; audio: TarMember; speaker: string | null }>();
  for (const shard of shards) {
    const { size, mtimeMs } = statSync(shard);
    hash.update(`${shard}\t${size}\t${Math.round(mtimeMs)}\n`);
    const { members, cut } = indexTar(shard);
    if (cut)
      skipped.push({
        file: shard,
        kind: 'cut short',
        reason: `the archive is cut short: ${cut}; the members before that are used`,
      });
    for (const utterance of utterancesOf(shard, members, skipped)) utterances.push({ shard, ...utterance });
  }
  if (utterances.length === 0)
    throw new UserError(`The ${shards.length} archives of ${options.root} hold no recording.`);
  const keyOf = ({ shard, key }: { shard: string; key: string }) => `${shard}\t${key}`;
  const keys = function* () {
    for (const utterance of utterances) yield keyOf(utterance);
  };
  const idOf = safeNames(keys(), (key) => key.slice(key.indexOf('\t') + 1).replaceAll('/', '-'));
  const recordings = rowsFrom(utterances.length, function* (): Generator<PlannedRecording> {
    for (const utterance of utterances) {
      const { shard, key, audio, speaker } = utterance;
      const id = idOf(keyOf(utterance));
      yield {
        id,
        path: key,
        speaker,
        split: 'train',
        language: null,
        gender: null,
        root: '',
        file: shard,
        part: { member: audio },
      };
    }
  });
  const identity = { name: 'tar', options: { root, shards: shards.length, hash: hash.digest('hex') } };
  const origin = `The recordings of the tar archives of \`${root}\`. Their licences go with the audio.`;
  return buildShardCorpus({ identity, recordings, lists: [], skipped, origin, seed: 1 }, options);
}

/** The archives below a folder, or those that a file lists, a line each. */
function findShards(root: string): { shards: string[]; root: string } {
  if (!existsSync(root))
    throw new UserError(`${root} does not exist. Give a folder of .tar files, or a file that lists them.`);
  if (statSync(root).isDirectory()) {
    const tree = listRecordings(root, ['tar']);
    return { shards: Array.from(tree.files, (file) => join(tree.root, file)), root: tree.root };
  }
  const lines = [...readLines(root)].map((line) => line.trim()).filter(Boolean);
  const shards = lines.map((line) => besideList(line, dirname(root)));
  const missing = shards.filter((shard) => !existsSync(shard));
  if (missing.length > 0)
    throw new UserError(`${root} lists ${missing.length} archives that do not exist, such as ${missing[0]}.`);
  return { shards, root };
}

/** Members by key, the part of the name before the last dot. */
function* utterancesOf(
  shard: string,
  members: readonly TarMember[],
  skipped: PackedRows<Skipped>,
): Generator<{ key: string; audio: TarMember; speaker: string | null }> {
  const sounds = new Map<string, TarMember>();
  const speakers = new Map<string, TarMember>();
  for (const member of members) {
    const dot = member.name.lastIndexOf('.');
    const [key, extension] =
      dot > 0 ? [member.name.slice(0, dot), member.name.slice(dot + 1).toLowerCase()] : [member.name, ''];
    if (extension === 'spk') speakers.set(key, member);
    else if (!audioExtensions.includes(extension)) continue;
    else if (sounds.has(key))
      skipped.push({
        file: `${shard}/${member.name}`,
        kind: 'another form',
        reason: `the archive holds ${sounds.get(key)!.name} already`,
      });
    else sounds.set(key, member);
  }
  for (const [key, audio] of sounds) yield { key, audio, speaker: speakerOf(shard, speakers.get(key)) };
}

function speakerOf(shard: string, member: TarMember | undefined): string | null {
  if (!member) return null;
  if (member.bytes > LONGEST_SPEAKER)
    throw new UserError(`${shard}: ${member.name} should hold a speaker's name, and has ${member.bytes} bytes.`);
  const bytes = withFile(shard, (file) => file.read(member.offset, member.bytes));
  return Buffer.from(bytes).toString('utf8').trim() || null;
}
