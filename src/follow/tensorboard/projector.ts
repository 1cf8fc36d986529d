import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../io/atomic.js';
import { openTraining } from '../../stages/artifacts/corpus-data.js';
import { type Embeddings, readEmbeddings } from '../../stages/artifacts/embeddings-data.js';
import { readLabels } from '../../stages/artifacts/pseudo-labels.js';
import type { FoundStage } from '../run-folder.js';
import { beginEventLog } from './event-log.js';

/** Utterances in the projector, evenly spread over all: what a browser moves with ease, and some MB of text. */
const MOST_ROWS = 2000;
/** Digits enough to look at. */
const DIGITS = 5;

/** Training embeddings that can be looked at in the projector. */
export interface Projection {
  stage: FoundStage;
  corpus?: FoundStage;
  /** The first clusters that were made of them. */
  clusters?: FoundStage;
  /** Differs once there is something else to write. */
  mark: string;
}

const references = z.object({ corpus: z.string().optional(), embeddings: z.string().optional() });
const referencesOf = ({ record }: FoundStage) => references.safeParse(record?.options).data ?? {};

/** The training embeddings among the stages of a run that are done. */
export function projectionsOf(stages: readonly FoundStage[]): Projection[] {
  const done = stages.filter(({ record }) => record !== undefined);
  const named = (from: FoundStage, as: string | undefined) =>
    done.find(({ name }) => name === withinSame(from, as)) ?? done.find(({ name }) => name === as);
  return done
    .filter(({ dir }) => existsSync(join(dir, 'train.npy')))
    .map((stage) => {
      const corpus = named(stage, referencesOf(stage).corpus);
      const clusters = done.find(
        (other) => existsSync(join(other.dir, 'labels.npy')) && named(other, referencesOf(other).embeddings) === stage,
      );
      return { stage, corpus, clusters, mark: `${stage.record?.key} ${clusters?.record?.key}` };
    });
}

/** The name of the artifact `as` beside another, within the same stage. */
const withinSame = ({ name }: FoundStage, as: string | undefined): string =>
  `${name.slice(0, name.lastIndexOf('/') + 1)}${as}`;

const CONFIG = 'projector_config.pbtxt';

/** The first line of the projector's configuration, a comment there: what the folder was written from. */
const headOf = ({ mark }: Projection): string => `# ${mark}\n`;

/** True where the folder of an earlier run of this process or another holds the same: embeddings may be large. */
export function isWritten(projection: Projection, out: string): boolean {
  const path = join(out, projection.stage.name, CONFIG);
  return existsSync(path) && readFileSync(path, 'utf8').startsWith(headOf(projection));
}

/**
 * Writes embeddings for TensorBoard's projector into a folder of `out`: the vectors, and utterance, speaker and cluster of each where these
 * are known. The folder holds an event file, too, for TensorBoard finds folders by it.
 */
export function writeProjection(projection: Projection, out: string): void {
  const { stage, corpus, clusters } = projection;
  const folder = join(out, stage.name);
  const embeddings = readEmbeddings({ dir: stage.dir, stage: '', result: null, seconds: 0 }, 'train');
  const { rows } = embeddings;
  const count = Math.min(rows, MOST_ROWS);
  const shown = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  writeFileAtomic(
    join(folder, 'tensors.tsv'),
    linesOf(shown, (row) => vectorOf(embeddings, row)),
  );
  writeFileAtomic(join(folder, 'metadata.tsv'), metadataOf(shown, rows, corpus, clusters));
  beginEventLog(folder, [{ step: 0, values: [{ tag: 'embeddings/utterances', scalar: rows }] }], Date.now() / 1000);
  const files = `  tensor_path: "tensors.tsv"\n  metadata_path: "metadata.tsv"\n`;
  const config = `embeddings {\n  tensor_name: ${JSON.stringify(stage.name)}\n${files}}\n`;
  writeFileAtomic(join(folder, CONFIG), headOf(projection) + config);
}

function vectorOf({ vectors, size }: Embeddings, row: number): string[] {
  const vector = vectors.subarray(row * size, (row + 1) * size);
  return Array.from(vector, (value) => String(Number(value.toPrecision(DIGITS))));
}

/** With several columns the projector takes the first line for their names. */
function metadataOf(shown: readonly number[], rows: number, corpus?: FoundStage, clusters?: FoundStage): string {
  const known = corpus && namesOf(corpus);
  const labels = clusters && readLabels(clusters);
  const columns: [string, (row: number) => string][] = [
    ['utterance', (row) => known?.ids[row] ?? String(row)],
    ['speaker', (row) => known?.speakers[row] || 'unknown'],
    ['cluster', (row) => (labels?.length !== rows ? 'unknown' : labels[row] < 0 ? 'none' : String(labels[row]))],
  ];
  const head = columns.map(([name]) => name).join('\t');
  return `${head}\n${linesOf(shown, (row) => columns.map(([, cell]) => cell(row).replace(/\s+/g, ' ')))}`;
}

const linesOf = (shown: readonly number[], cells: (row: number) => string[]): string =>
  shown.map((row) => `${cells(row).join('\t')}\n`).join('');

/** Utterances and speakers of a corpus, undefined where a stage of the user's own keeps them in another way. */
function namesOf({ dir, record }: FoundStage): { ids: string[]; speakers: string[] } | undefined {
  try {
    const { train, trainSpeakers } = openTraining({ dir, result: record!.result });
    return { ids: train.ids, speakers: trainSpeakers };
  } catch {
    return undefined;
  }
}
