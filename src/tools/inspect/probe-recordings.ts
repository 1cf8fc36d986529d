import { basename, dirname } from 'node:path';
import { loadMono16k } from '../../audio/decode/decode.js';
import { readManifest } from '../../data/manifest.js';
import { readRecordingList } from '../../data/recording-list.js';
import { toPcm16 } from '../../data/shards/pcm16.js';
import { messageOf, UserError } from '../../errors.js';
import type { ProbeResult } from '../../eval/probing/probe-result.js';
import { drawnUtterances } from '../../inspect/probing/drawn-utterances.js';
import type { ProbedNetwork } from '../../inspect/probing/layer-vectors.js';
import { type ProbeSettings, probeOptions } from '../../inspect/probing/options.js';
import { type ProbedUtterance, probeModel } from '../../inspect/probing/probe-model.js';
import { isFolder } from '../../io/folder.js';
import { readNetwork } from '../open-network.js';

/** How `probeRecordings` runs; every setting has a default. */
export interface ProbeRecordingsOptions extends Partial<ProbeSettings> {
  /** Folder that the list's paths are relative to. */
  root?: string;
  /** Probe the network before it has learned anything, too. */
  untrained?: boolean;
  seed?: number;
  device?: 'auto' | 'cpu' | 'gpu';
  threads?: number;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: readonly string[];
  progress?(done: number, total: number, what: string): void;
}

/** The outcome, and the recordings that could not be used. */
export type ProbedRecordings = ProbeResult & { unusable: { file: string; reason: string }[] };

/**
 * Asks what each layer of a model knows, on the recordings of a list: a corpus folder, whose manifest tells speakers, genders and languages,
 * a wav.scp, or lines `name TAB path`.
 * @throws UserError for a folder without a model, a broken list or table, and where nothing can be asked
 */
export async function probeRecordings(
  dir: string,
  list: string,
  options: ProbeRecordingsOptions = {},
): Promise<ProbedRecordings> {
  const { root, untrained = false, seed = 1, device = 'auto', threads = 0, plugin = [], progress, ...rest } = options;
  const settings = probeOptions.parse(rest);
  const { model, build } = await readNetwork(dir, plugin);
  const recordings = readRecordingList(list, root);
  const known = manifestOf(list);
  const unusable: ProbedRecordings['unusable'] = [];
  const utterances: ProbedUtterance[] = [];
  for (const i of drawnUtterances(recordings.length, settings.most, seed)) {
    const { name: id, path } = recordings[i];
    try {
      const { speaker = null, gender = null, language = null } = known.get(id) ?? {};
      utterances.push({ id, speaker, gender, language, pcm: toPcm16(await loadMono16k(path)) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unusable.push({ file: path, reason: messageOf(error) });
    }
  }
  if (utterances.length === 0) throw new UserError(`No recording of ${list} can be used: ${unusable[0].reason}`);
  const networks: ProbedNetwork[] = [{ name: 'trained', model, build }];
  if (untrained) networks.push({ name: 'untrained', model, build, untrained });
  return Object.assign(await probeModel(networks, utterances, settings, { device, threads, seed, progress }), {
    unusable,
  });
}

/** What a corpus folder knows of its utterances, by id; nothing for another list. */
function manifestOf(list: string) {
  const dir = isFolder(list) ? list : basename(list) === 'manifest.tsv' ? dirname(list) : undefined;
  const utterances = dir === undefined ? [] : readManifest(dir).utterances;
  return new Map(utterances.map((utterance) => [utterance.id, utterance]));
}
