import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '../io/atomic.js';
import { writeError } from '../io/write-error.js';

/** One line of metrics.jsonl. */
export type MetricsLine = { step: number } & Record<string, number>;

/** Reads metrics.jsonl; a last line that a kill cut short is left out. */
export function readMetrics(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as MetricsLine];
    } catch {
      return [];
    }
  });
}

/** Opens metrics.jsonl for appending, dropping lines at or after `step`, whose steps will be repeated. */
export function openMetrics(path: string, step: number): { add(line: MetricsLine): void; flush(): void } {
  const kept = readMetrics(path).filter((line) => line.step < step);
  writeFileAtomic(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  let buffered: string[] = [];
  const flush = () => {
    try {
      if (buffered.length > 0) appendFileSync(path, buffered.join(''));
    } catch (error) {
      throw writeError(path, error);
    }
    buffered = [];
  };
  return {
    add(line) {
      buffered.push(`${JSON.stringify(line)}\n`);
      if (buffered.length >= 20) flush();
    },
    flush,
  };
}
