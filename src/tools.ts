// What programs import as 'voxloop/tools': the speaker tools and recipes of the command line. Headings group the API documentation.

// Recipes

export { type RecipeRun, runRecipe } from './tools/run-recipe.js';

// Models and embeddings

export { embedFiles } from './embed/embed-files.js';
export { type EmbedOptions, type EmbedOutcome, embedRecordings, type Recording } from './embed/embed-recordings.js';
export { type PackOptions, type PackSummary, packModel } from './embed/pack-model.js';
export { packagedModel } from './embed/packaged-model.js';
export { UserError } from './errors.js';
export type { ImportSummary } from './import/import-model.js';
export type { WeSpeakerSummary } from './import/write/wespeaker-folder.js';
export { cosineOfFiles, directionOfFile, type SpeakerModel } from './speakers/speaker-model.js';
export { type EmbeddingRow, embeddingWriter } from './speakers/write-embeddings.js';
export { exportOnnx, type OnnxOptions, type OnnxSummary } from './tools/export-onnx.js';
export { exportWeSpeaker } from './tools/export-wespeaker.js';
export {
  exportHuggingFace,
  type HuggingFaceOptions,
  type HuggingFaceSummary,
} from './tools/hugging-face/export-folder.js';
export { importModel } from './tools/import-model.js';
export { type ComparedSize, type ModelSize, type SizeOptions, sizeOfModel } from './tools/model-size.js';
export type { ModelRunOptions } from './tools/open-model.js';
export { openSpeakerModel } from './tools/open-speaker-model.js';
export { type QuantizeOptions, type QuantizeSummary, quantizeModel } from './tools/quantize-model.js';
export { type PageOptions, type PageSummary, writePage } from './tools/write-page.js';

// Enrolled speakers

export type { Match, SpeakerSearch } from './speakers/centroids.js';
export { removeFromStore, renameSpeaker } from './speakers/change-store.js';
export { type EnrollOptions, type EnrollReport, type EnrollRequest, enrollSpeakers } from './speakers/enroll.js';
export { openSearch } from './speakers/search.js';
export { readStore, type Speaker, type SpeakerStore } from './speakers/store.js';

// Verification and identification

export { type SpeechShortage, tooLittleSpeech } from './embed/speech-shortage.js';
export {
  chooseThreshold,
  type DecisionOptions,
  llrOf,
  type Threshold,
  type ThresholdChoice,
} from './speakers/decision.js';
export { type Identification, type IdentifyOptions, identifySpeakers } from './speakers/identify.js';
export { LEAST_SPEECH_SECONDS } from './speakers/least-speech.js';
export { type Verification, verifySpeaker } from './speakers/verify.js';

// Calibration

export { type Calibration, calibrate, readCalibration, writeCalibration } from './speakers/calibration.js';
export { scoresOfCrops, scoresOfFile, scoresOfTrials } from './speakers/calibration-scores.js';

// Looking into models

export {
  type ExplainedScore,
  type ExplainOptions,
  explainScore,
  type Reference,
} from './tools/inspect/explain-score.js';
export {
  type ProbedRecordings,
  type ProbeRecordingsOptions,
  probeRecordings,
} from './tools/inspect/probe-recordings.js';

// Diarization

export { type DiarizeContext, type DiarizeOptions, diarizeOptions } from './diarize/diarize.js';
export { type DiarizeOutcome, diarizeFile } from './diarize/diarize-file.js';
export { diarizeVoices, type NamedDiarization, type RecordedVoice } from './diarize/names/diarize-voices.js';
export { enrollNumbered, type NumberedEnrolment } from './diarize/names/enroll-numbered.js';
export {
  type NameOptions,
  type NumberedVoice,
  openVoiceNames,
  type Voice,
  type VoiceIdentity,
  type VoiceNames,
} from './diarize/names/voice-names.js';
export type { OverlapDetector } from './diarize/overlap/detector.js';
export { readOverlapDetector } from './diarize/overlap/detector-file.js';
export { rttmText } from './diarize/rttm.js';
export type { Segment } from './diarize/segments.js';

// One voice out of several

export { type ExtractedTarget, extractTarget, type TargetRequest } from './tools/extract-target.js';

// Sound as it comes

export type { Pcm } from './diarize/live/float-samples.js';
export {
  type HeardVoice,
  openVoiceStream,
  type VoiceStream,
  type VoiceStreamOptions,
} from './diarize/live/voice-stream.js';
