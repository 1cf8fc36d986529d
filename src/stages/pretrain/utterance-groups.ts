import { neighbours } from '../../cluster/neighbours/neighbours.js';
import { type Points, preparePoints } from '../../cluster/points.js';
import {
  drawPartner,
  groupsOfLabels,
  groupsOfNeighbours,
  type UtteranceGroups,
} from '../../data/crops/crop-sources.js';
import { openSession } from '../../engine/session/session.js';
import { subtractMean } from '../../eval/subtract-mean.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { createRng, hash32 } from '../../random.js';

/** The rule by which utterances are grouped. */
export interface GroupRule {
  from: 'same-cluster' | 'neighbours';
  /** Needed for same-cluster. */
  algorithm?: PluginChoice<'clustering'>;
  /** Nearest utterances of a group, for neighbours. Default 10. */
  neighbours?: number;
  /** Compare the embeddings around their mean. */
  subtractMean: boolean;
}

type Context = Pick<StageContext, 'registry' | 'device' | 'threads' | 'signal' | 'log'> & { seed: string };

/**
 * Groups utterances by their embeddings `vectors` [utterances, size], which are changed: by a clustering, or each with its nearest
 * neighbours.
 */
export async function findGroups(
  vectors: Float32Array,
  size: number,
  rule: GroupRule,
  context: Context,
): Promise<UtteranceGroups> {
  if (rule.subtractMean) subtractMean(vectors, size);
  const rows = vectors.length / size;
  return rule.from === 'neighbours'
    ? nearestGroups(preparePoints(vectors, rows, size, 'cosine'), rule.neighbours ?? 10, context)
    : clusterGroups({ points: vectors, rows, size }, rule.algorithm!, context);
}

async function clusterGroups(
  embeddings: { points: Float32Array; rows: number; size: number },
  { name, options }: PluginChoice<'clustering'>,
  { registry, seed, device, threads, log, signal }: Context,
): Promise<UtteranceGroups> {
  const plugin = await registry.load('clustering', name);
  const clustering = await plugin.cluster({
    ...embeddings,
    seed: hash32(seed),
    options,
    device,
    threads,
    log,
    signal,
  });
  return groupsOfLabels(clustering.labels);
}

async function nearestGroups(
  points: Points,
  count: number,
  { seed, device, threads, log, signal }: Context,
): Promise<UtteranceGroups> {
  // In a session of its own, for its variables would end up in the training's checkpoints.
  const session = openSession({ device, threads });
  try {
    const nearest = await neighbours(session, points, { count, search: 'auto', seed: hash32(seed), log, signal });
    return groupsOfNeighbours(nearest.indices, nearest.count);
  } finally {
    await session.close();
  }
}

/** Describes groups in a line, by one drawn partner an utterance; speakers, where known, are used for measurement only. */
export function describeGroups(groups: UtteranceGroups, speakers: readonly string[] | null, seed: string): string {
  const rng = createRng(seed);
  const utterances = groups.groups.length;
  const pairs = Array.from(groups.groups.keys()).flatMap((utterance) => {
    const partner = drawPartner(utterance, groups, rng);
    return partner === null ? [] : [[utterance, partner]];
  });
  if (pairs.length === 0) {
    return 'warning: every utterance is alone in its group, so all crops stay with their own; ask for fewer, larger clusters';
  }
  const line = `${groups.offsets.length - 1} groups; ${percent(pairs.length, utterances)} of the utterances have partners`;
  if (!speakers) return line;
  const same = pairs.filter(([a, b]) => speakers[a] === speakers[b]).length;
  return `${line}, of whom ${percent(same, pairs.length)} are of the same speaker (measured only)`;
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
