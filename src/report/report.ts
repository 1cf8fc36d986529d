import { z } from 'zod';
import type { DetPoint } from '../eval/detection/det.js';
import type { ListResult } from '../eval/detection/figures.js';
import type { ProbeResult } from '../eval/probing/probe-result.js';
import type { SaliencyChart } from './inspect/saliency-chart.js';
import type { Counterpart } from './published/find.js';

/** Everything a report can show. Every section is optional: what is absent or empty is left out. */
export interface Report {
  title: string;
  subtitle?: string;
  /** A few numbers in large type at the top. */
  figures?: KeyFigure[];
  /** The headline table, in order. */
  systems?: SystemResult[];
  /** What others published of such systems; never of this run. */
  published?: Counterpart[];
  loops?: Rounds[];
  losses?: LossChart[];
  entropies?: EntropyChart[];
  gates?: GateChart[];
  shares?: ShareChart[];
  dets?: DetChart[];
  maps?: MapChart[];
  voices?: VoicesFound;
  probes?: Probes[];
  saliencies?: SaliencyChart[];
  /** True if a speaker label decided what was kept, stopped or reported; if absent, the report does not mention it. */
  labelsUsedForSelection?: boolean;
  /** Licences, what was skipped, anything a reader of the figures must know. */
  notes?: Note[];
  /** Versions, device, threads, seed, ... */
  environment?: Record<string, string | number | boolean | null>;
  /** The resolved configuration, as text. */
  config?: string;
}

/** What the layers of a model know. */
export interface Probes {
  title: string;
  result: ProbeResult;
}

export interface KeyFigure {
  label: string;
  value: string;
  note?: string;
}

/** One row of the headline table; the shape of results.json's systems. Rates are fractions. */
export interface SystemResult {
  name: string;
  network?: string;
  seed?: number;
  /** Results by trial list, e.g. clean and channel. */
  lists: Record<string, ListResult>;
  nmi?: number | null;
  purity?: number | null;
  seconds?: number | null;
}

/** One round of a pseudo-label loop; shares and rates are fractions. */
export const loopRound = z.object({
  /** Counted from 1. */
  round: z.number(),
  clusters: z.number(),
  /** Share of the pseudo-labels that the gate believed at the end. */
  kept: z.number(),
  /** Share of them that training corrected at the end. */
  corrected: z.number(),
  /** NMI between the pseudo-labels that the round was trained on and those that its own embeddings lead to. */
  agreement: z.number(),
  /** EER of crop trials on utterances held out of all rounds. */
  cropEer: z.number(),
  /** Of the pseudo-labels against the speakers, where these are known; for measurement only, as is `eer`. */
  nmi: z.number().nullable(),
  purity: z.number().nullable(),
  /** By trial list. */
  eer: z.record(z.string(), z.number()),
});
export type LoopRound = z.output<typeof loopRound>;

/** The rounds of a pseudo-label loop. */
export interface Rounds {
  title: string;
  /** Number of the round whose network was kept. */
  selected: number;
  rounds: LoopRound[];
}

/** A line; values that are not finite break it. */
export interface Curve {
  name: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

/** Training losses of one stage, drawn raw and smoothed. */
export interface LossChart {
  title: string;
  /** Unit of x; default "step". */
  xLabel?: string;
  curves: Curve[];
  /** The range of other runs of the recipe, drawn behind the curves. */
  band?: Band;
}

/** The range between two curves. */
export interface Band {
  name: string;
  x: ArrayLike<number>;
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

/** Entropies of softmax outputs in nats, between 0 and ln(classes); at either end the network has collapsed. */
export interface EntropyChart {
  title: string;
  xLabel?: string;
  curves: Curve[];
  classes: number;
}

/** The loss gate of one round. */
export interface GateChart {
  title: string;
  /** Loss of each sample; drawn on a logarithmic axis. */
  losses: ArrayLike<number>;
  /** Samples at or below this loss are kept; null when nothing was gated. */
  threshold: number | null;
}

/** Shares of the pseudo-labels by epoch: kept, corrected, and right among those. */
export interface ShareChart {
  title: string;
  curves: Curve[];
}

/** DET curves of several systems on one trial list. */
export interface DetChart {
  title: string;
  curves: DetSeries[];
}

export interface DetSeries {
  name: string;
  points: readonly DetPoint[];
  /** The exact rate, a fraction; it is marked on the curve. */
  eer: number;
}

/** A two-dimensional map of embeddings. */
export interface MapChart {
  title: string;
  /** [n] */
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** [n] the speaker (or cluster) that colours each point. */
  groups: readonly string[];
  /** A line under the map, e.g. the share of variance shown. */
  note?: string;
}

/** The clusters of recordings whose speakers nobody knows, the largest first. */
export interface VoicesFound {
  clusters: VoiceCluster[];
  /** Recordings that are in no cluster: held out of the rounds, or noise. */
  unlabelled: number;
}

export interface VoiceCluster {
  name: string;
  recordings: number;
  seconds: number;
  /** The recordings nearest to the centre, to listen to; of the largest clusters only. */
  examples: { name: string; wav: Uint8Array }[];
}

export interface Note {
  title: string;
  items: string[];
}
