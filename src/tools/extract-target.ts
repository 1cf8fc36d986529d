import { loadMono16k } from '../audio/decode/decode.js';
import { embedRecordings } from '../embed/embed-recordings.js';
import type { Extractor } from '../embed/extractor.js';
import { tooLittleSpeech } from '../embed/speech-shortage.js';
import { UserError } from '../errors.js';
import { checkSameModel } from '../eval/model-identity.js';
import { LEAST_SPEECH_SECONDS } from '../speakers/least-speech.js';
import { extractVoice } from '../target-voice/extract-voice.js';
import { readTargetExtractor } from '../target-voice/extractor-file.js';
import { voiceOf } from '../target-voice/voice.js';
import { type ModelRunOptions, openModel } from './open-model.js';

/** A voice to take out of a recording. */
export interface TargetRequest {
  /** The recording of several voices. */
  mixture: string;
  /** Recordings of the voice alone. */
  enroll: readonly string[];
  /** Folder of a stage `extract-target`, or its file. */
  extractor: string;
  /** Model folder or export; it must be the one that the extractor was trained with. Default: the model that comes with voxloop. */
  model?: string;
  /** Called with the model's name when it is open. */
  opened?(name: string): void;
}

/** A voice that was taken out of a recording. */
export interface ExtractedTarget {
  /** 16 kHz, as many as the mixture has. */
  samples: Float32Array;
  /** Of the enrolment, such as too little speech in it; one sentence each. */
  warnings: string[];
}

/**
 * Takes one voice out of a recording, known by recordings of it alone.
 * @throws UserError for files that cannot be used, a mixture that is shorter than a window of 32 ms or silent, a silent enrolment, and an
 * extractor that was trained with another model
 */
export async function extractTarget(
  { mixture, enroll, extractor: at, model: path, opened }: TargetRequest,
  options: ModelRunOptions = {},
): Promise<ExtractedTarget> {
  const trained = readTargetExtractor(at);
  const samples = await loadMono16k(mixture);
  const { model, extractor, close } = await openModel(path, options);
  try {
    opened?.(model.info.origin);
    checkSameModel(
      `The extractor ${at}`,
      trained.model,
      model.weightsIdentity(),
      'An extractor knows voices by the embeddings that it was trained with: name that model with --model, or train an extractor with this one.',
    );
    const { vectors, warnings } = await hearEnrolment(enroll, extractor);
    const voice = voiceOf(vectors, trained.mean);
    if (!voice) throw new UserError(`${enroll.join(', ')}: the embedding tells no voice. Give other recordings.`);
    return { samples: extractVoice(trained.network, samples, voice), warnings };
  } finally {
    await close();
  }
}

async function hearEnrolment(
  files: readonly string[],
  extractor: Extractor,
): Promise<{ vectors: Float32Array[]; warnings: string[] }> {
  const recordings = files.map((file) => ({ name: file, path: file }));
  const [vectors, warnings]: [Float32Array[], string[]] = [[], []];
  for await (const outcome of embedRecordings(recordings, extractor, { leastSpeechSeconds: LEAST_SPEECH_SECONDS })) {
    if ('reason' in outcome) throw new UserError(outcome.reason);
    vectors.push(outcome.parts[0].vector);
    if (outcome.shortage)
      warnings.push(`${outcome.recording.path}: ${tooLittleSpeech(outcome.shortage)}; another voice may be followed.`);
  }
  return { vectors, warnings };
}
