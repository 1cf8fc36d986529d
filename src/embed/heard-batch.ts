import type { UtteranceBatch } from '../data/utterance-batches.js';
import { hearRaised } from './hear-raised.js';
import { type HeardBatch, type Hearing, hearBatch, hearUnchanged } from './hearing.js';

const HEAR: Readonly<Record<Hearing, (batch: UtteranceBatch) => HeardBatch>> = {
  levelled: hearBatch,
  unchanged: hearUnchanged,
  raised: hearRaised,
};

/** A batch as a model of this hearing gets it. */
export const heardBatch = (batch: UtteranceBatch, hearing: Hearing = 'levelled'): HeardBatch => HEAR[hearing](batch);
