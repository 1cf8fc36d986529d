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

/** How utterances are grouped. */
export interface GroupRule {
  from: 'same-cluster' | 'neighbours';
  /** Needed for same-cluster. */
  algorithm?: PluginChoice<'clustering'>;
  /** Nearest utterances of a group, for neighbours. */
  neighbours: number;
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
  given: GroupRule,
  context: Context,
): Promise<UtteranceGroups> {
  if (given.subtractMean) subtractMean(vectors, size);
  const rows = vectors.length / size;
  return given.from === 'neighbours'
    ? nearestGroups(preparePoints(vectors, rows, size, 'cosine'), given.neighbours, context)
    : clusterGroups({ points: vectors, rows, size }, given.algorithm!, context);
}

async function clusterGroups(
  embeddings: { points: Float32Array; rows: number; size: number },
  { name, options }: PluginChoice<'clustering'>,
  { registry, seed, device, threads, log, signal }: Context,
): Promise<UtteranceGroups> {
  const plugin = await registry.load('clustering', name);
  const given = { ...embeddings, seed: hash32(seed), options, device, threads, log, signal };
  return groupsOfLabels((await plugin.cluster(given)).labels);
}

async function nearestGroups(
  points: Points,
  count: number,
  { seed, device, threads, log, signal }: Context,
): Promise<UtteranceGroups> {
  // Its variables would be in the way of the training's checkpoints.
  const session = openSession({ device, threads });
  try {
    const found = await neighbours(session, points, { count, search: 'auto', seed: hash32(seed), log, signal });
    return groupsOfNeighbours(found.indices, found.count);
  } finally {
    await session.close();
  }
}

/** What groups are like, in a line; speakers, where known, are measured only: each utterance draws one partner. */
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
