import type { PublishedNames } from '../../../src/import/names/published-names.js';

// Names that no import needs.

/** voxloop's own paths. */
export const ownNames: PublishedNames = { rules: [['.+', '$&']] };

/** 3D-Speaker's (SpeechBrain's) attentive statistics pooling, at 'pooling'. */
export const normedAstpNames: PublishedNames = {
  rules: [
    ['pooling/inner', 'pool.tdnn.conv.conv'],
    ['pooling/norm', 'pool.tdnn.norm.norm'],
    ['pooling/outer', 'pool.conv.conv'],
  ],
};

/** WeSpeaker's multi-head and multi-query poolings, at 'pooling'. */
export const multiHeadNames: PublishedNames = {
  rules: [
    ['pooling/head(\\d)/layer(\\d)', (head, layer) => `pool.heads_att_trans.${head - 1}.att_${layer - 1}`],
    [
      'pooling/query(\\d)/head(\\d)/layer(\\d)',
      (query, head, layer) => `pool.n_query.${query - 1}.heads_att_trans.${head - 1}.att_${layer - 1}`,
    ],
  ],
};
