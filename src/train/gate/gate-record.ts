import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';
import { writeNpy } from '../../io/npy.js';
import type { GatedEpoch } from './gate-keeper.js';
import { type GateQuality, type GateShares, gateQuality, gateShares } from './gate-quality.js';
import { type LossHistogram, lossHistogram } from './loss-histogram.js';

/** One line of gate.jsonl. Figures about true speakers are null where these are not known or nothing was gated. */
export interface GateLine extends GateShares, GateQuality {
  /** Counted from 0. */
  epoch: number;
  /** The largest loss that was kept; null when all were. */
  gate: number | null;
  components?: Record<string, number>;
  /** Of the epoch's losses; absent where there is none, and in records of earlier versions. */
  histogram?: LossHistogram;
}

/** Epochs whose losses stay on disk: enough to see how a distribution moves. */
const EPOCHS_KEPT = 3;
const UNKNOWN: GateQuality = { gatePrecision: null, gateRecall: null, correctionPrecision: null };

/** The line of one epoch; `labels` [utterances] are measured against `speakers` [utterances] where these are known. */
export function gateLine(epoch: GatedEpoch, labels: Int32Array, speakers: readonly string[] | null): GateLine {
  const { threshold, components, decisions } = epoch;
  return {
    epoch: epoch.epoch,
    gate: Number.isFinite(threshold) ? threshold : null,
    ...gateShares(decisions),
    ...(speakers ? gateQuality(decisions, labels, speakers) : UNKNOWN),
    ...(components && { components }),
  };
}

/**
 * Adds an epoch to gate.jsonl and writes its losses [utterances] as losses/epoch-NNN.npy, of which the last few are kept. Records of this
 * epoch and later ones, left by a run that was stopped, are replaced.
 */
export function recordEpoch(dir: string, line: GateLine, losses: Float32Array): void {
  const earlier = readGateLines(dir).filter(({ epoch }) => epoch < line.epoch);
  const histogram = lossHistogram(losses);
  const lines = [...earlier, histogram ? { ...line, histogram } : line];
  writeFileAtomic(gatePath(dir), lines.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const folder = join(dir, 'losses');
  makeFolder(folder);
  writeNpy(lossesPath(dir, line.epoch), [losses.length], losses);
  for (const name of readdirSync(folder)) {
    const epoch = Number(/^epoch-(\d+)\.npy$/.exec(name)?.[1] ?? Number.NaN);
    if (epoch > line.epoch || epoch <= line.epoch - EPOCHS_KEPT) rmSync(join(folder, name));
  }
}

/** Reads gate.jsonl; an empty list where there is none. */
export function readGateLines(dir: string): GateLine[] {
  if (!existsSync(gatePath(dir))) return [];
  const lines = readFileSync(gatePath(dir), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as GateLine);
}

/** Path of an epoch's losses. */
export const lossesPath = (dir: string, epoch: number): string =>
  join(dir, 'losses', `epoch-${String(epoch).padStart(3, '0')}.npy`);

/** Path of the record of a training's epochs, in its folder. */
export const gatePath = (dir: string): string => join(dir, 'gate.jsonl');

/** An epoch in a sentence, for the log. */
export function describeEpoch({ epoch, kept, corrected, ...quality }: GateLine): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const facts = [
    kept !== null && `kept ${percent(kept)}`,
    corrected && `corrected ${percent(corrected)}`,
    quality.gatePrecision !== null && `${percent(quality.gatePrecision)} of the kept labels are right`,
    quality.gateRecall !== null && `${percent(quality.gateRecall)} of the right ones are kept`,
    quality.correctionPrecision !== null && `${percent(quality.correctionPrecision)} of the corrections are right`,
  ];
  return `epoch ${epoch}: ${facts.filter(Boolean).join('; ')}`;
}
