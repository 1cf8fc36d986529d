// The speaker tools for programs: what `voxloop embed`, `similarity`, `enroll`, `verify`, `identify` and `calibrate` do.

export { embedFiles } from './embed/embed-files.js';
export { type EmbedOptions, type EmbedOutcome, embedRecordings, type Recording } from './embed/embed-recordings.js';
export { UserError } from './errors.js';
export { type Calibration, calibrate, readCalibration, writeCalibration } from './speakers/calibration.js';
export { scoresOfCrops, scoresOfFile, scoresOfTrials } from './speakers/calibration-scores.js';
export type { Match, SpeakerSearch } from './speakers/centroids.js';
export { removeFromStore } from './speakers/change-store.js';
export { chooseThreshold, llrOf, type Threshold, type ThresholdChoice } from './speakers/decision.js';
export { type EnrollOptions, type EnrollReport, type EnrollRequest, enrollSpeakers } from './speakers/enroll.js';
export { type Identification, type IdentifyOptions, identifySpeakers } from './speakers/identify.js';
export { openSearch } from './speakers/search.js';
export { cosineOfFiles, directionOfFile, type SpeakerModel } from './speakers/speaker-model.js';
export { readStore, type Speaker, type SpeakerStore } from './speakers/store.js';
export { type Verification, verifySpeaker } from './speakers/verify.js';
export { type EmbeddingRow, embeddingWriter } from './speakers/write-embeddings.js';
export type { ModelRunOptions } from './tools/open-model.js';
export { openSpeakerModel } from './tools/open-speaker-model.js';
