import { meanEmbedding, type ScoringOptions } from '../../eval/cosine-scoring.js';
import { checkSameSpace, type ModelIdentity } from '../../eval/model-identity.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { rowsOf } from '../../rows.js';
import type { TestList } from '../artifacts/corpus-data.js';
import { type Embeddings, embeddingsResult, readEmbeddings } from '../artifacts/embeddings-data.js';

/** The embeddings of a list by the paths of its utterances. */
export const embeddingsByPath = (
  { paths }: Pick<TestList, 'paths'>,
  { vectors, size }: Pick<Embeddings, 'vectors' | 'size'>,
): ReadonlyMap<string, Float32Array> => new Map([...rowsOf(vectors, size)].map((row, i) => [paths[i], row]));

/**
 * What enrolments are scored from, list by list, where another network than that of `tested` made their embeddings.
 * @throws UserError naming both networks where they do not share a space
 */
export function openEnrolling(
  { artifact }: Pick<StageContext, 'artifact'>,
  name: string,
  tested: Artifact,
): (list: TestList, rule: 'raw' | 'mean-subtracted') => ScoringOptions['enrolled'] {
  const enrolled = artifact(name);
  const [theirs, own] = [spaceOfEmbeddings(enrolled), spaceOfEmbeddings(tested)];
  if (theirs && own)
    checkSameSpace(`enrolment: '${name}'`, theirs, own, 'Enrol by the network whose embeddings the other one learned.');
  const { vectors, size } = readEmbeddings(enrolled, 'train');
  const mean = meanEmbedding(rowsOf(vectors, size));
  return (list, rule) => ({
    embeddings: embeddingsByPath(list, readEmbeddings(enrolled, list.name)),
    mean: rule === 'raw' ? undefined : mean,
  });
}

/** Undefined where a user's stage did not tell its model. */
function spaceOfEmbeddings(artifact: Artifact): ModelIdentity | undefined {
  const { space, model } = readResult(artifact, embeddingsResult.pick({ space: true, model: true }));
  return space ?? model;
}
