import { existsSync } from 'node:fs';
import { readNpy } from '../../io/npy.js';
import type { Artifact } from '../../plugin/stage.js';
import type { Report } from '../../report/report.js';
import { type GateLine, lossesPath, readGateLines } from '../../train/gate/gate-record.js';

/** Histogram of the last epoch's losses with that epoch's gate; none where nothing was gated. */
export function gateHistogram(name: string, { dir }: Artifact): NonNullable<Report['gates']> {
  const last = readGateLines(dir).at(-1);
  if (!last || !existsSync(lossesPath(dir, last.epoch))) return [];
  const { data } = readNpy(lossesPath(dir, last.epoch));
  const losses = Float32Array.from(data as Float32Array).filter((loss) => !Number.isNaN(loss));
  const facts = [shareText(last.kept, 'kept'), last.corrected ? shareText(last.corrected, 'corrected') : ''];
  return [{ title: [`${name}:`, ...facts].join(' ').trim(), losses, threshold: last.gate }];
}

const shareText = (share: number | null, what: string): string =>
  share === null ? '' : `${(100 * share).toFixed(0)} % ${what}`;

const CURVES: { key: keyof GateLine; name: string }[] = [
  { key: 'kept', name: 'kept' },
  { key: 'corrected', name: 'corrected' },
  { key: 'gatePrecision', name: 'right among the kept' },
  { key: 'gateRecall', name: 'kept among the right' },
  { key: 'correctionPrecision', name: 'right among the corrected' },
];

/** Shares kept and corrected by epoch, with what is known of how right that was; none without a gate that ever closed. */
export function gateShares(name: string, { dir }: Artifact): NonNullable<Report['shares']> {
  const lines = readGateLines(dir);
  if (!lines.some(({ gate }) => gate !== null)) return [];
  const x = lines.map(({ epoch }) => epoch);
  const curves = CURVES.map(({ key, name: label }) => ({
    name: label,
    x,
    y: lines.map((line) => numberOf(line[key])),
  }));
  return [{ title: `${name}: labels`, curves: curves.filter(({ y }) => y.some((value) => value > 0)) }];
}

const numberOf = (share: unknown): number => (typeof share === 'number' ? share : Number.NaN);
