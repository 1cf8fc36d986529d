/**
 * Diarization error of made-up conversations: 2 to 5 speakers of a corpus, every utterance through a channel of its own, 5 % overlap; collar 0.25 s,
 * overlap scored; once with the number of speakers known, once without.
 *
 * bench/quality/diarization.yaml trains a model for it.
 *
 *   node dist/bench/quality/diarization.js --model runs/diarization/stages/embed/model --corpus DIR [--side test] [--conversations 20] [--seed 1]
 *     [--set neighbours=0.2 ...] [--rttm FOLDER] [--overlap FILE]
 *   node dist/bench/quality/diarization.js --model DIR --recordings DIR [--most 4] ...
 *
 * The second form joins recordings as they are, those of a folder SPEAKER/.../FILE; 2 to `--most` speakers.
 *
 * Options were chosen on conversations of training speakers (--side train), but for smoothSeconds and hopSeconds, which were chosen on the twenty of
 * seed 1. Standard output: one line of JSON; shares of the speech.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keyValues } from '../../src/cli/options/key-values.js';
import { withModel } from '../../src/cli/options/with-model.js';
import { readManifest } from '../../src/data/manifest.js';
import { addErrors, type DiarizationError, diarizationError, errorRate } from '../../src/diarize/der.js';
import { diarize, diarizeOptions } from '../../src/diarize/diarize.js';
import { readOverlapDetector } from '../../src/diarize/overlap/detector-file.js';
import { rttmText } from '../../src/diarize/rttm.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { composeConversation } from '../corpora/conversations.js';
import { manifestOfRecordings } from '../corpora/recordings.js';

const SCORING = { collarSeconds: 0.25, skipOverlap: false };

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    corpus: { type: 'string' },
    recordings: { type: 'string' },
    most: { type: 'string', default: '5' },
    side: { type: 'string', default: 'test' },
    conversations: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
    rttm: { type: 'string' },
    overlap: { type: 'string' },
  },
});
const { model, corpus, recordings } = values;
if (!model || !(corpus || recordings)) throw new Error('--model and --corpus, or --recordings, are needed');
const overlap = values.overlap === undefined ? undefined : readOverlapDetector(values.overlap);
const plain = recordings !== undefined;
const manifest = plain ? await manifestOfRecordings(recordings) : readManifest(corpus!);
const side = values.side === 'train' ? 'train' : 'test';
const chosen = keyValues(values.set);

const rates = (error: DiarizationError) => {
  const share = (seconds: number) => Number((seconds / error.speech).toFixed(4));
  return {
    der: Number(errorRate(error).toFixed(4)),
    missed: share(error.missed),
    falseAlarm: share(error.falseAlarm),
    confusion: share(error.confusion),
  };
};

const found = await withModel(model, {}, async (extractor) => {
  const all = [];
  for (let i = 0; i < Number(values.conversations); i++) {
    const speakers = 2 + (i % (Number(values.most) - 1));
    const seed = Number(values.seed) + i;
    const seconds = Number(values.seconds);
    const conversation = await composeConversation(manifest, { side, speakers, seconds, seed, plain });
    const run = (more: object) =>
      diarize(conversation.samples, extractor, diarizeOptions.parse({ ...chosen, ...more }), { overlap });
    const [known, unknown] = [await run({ speakers }), await run({})];
    if (values.rttm) save(values.rttm, conversation, known);
    const score = (segments: typeof known) => diarizationError(conversation.reference, segments, SCORING);
    const heard = new Set(unknown.map(({ speaker }) => speaker)).size;
    all.push({ name: conversation.name, speakers, heard, known: score(known), unknown: score(unknown) });
    const { known: a, unknown: b } = all[i];
    process.stderr.write(
      `${conversation.name}: DER ${(100 * errorRate(a)).toFixed(1)} % known, ${(100 * errorRate(b)).toFixed(1)} % unknown (${heard} of ${speakers})\n`,
    );
  }
  return all;
});

function save(
  folder: string,
  conversation: Awaited<ReturnType<typeof composeConversation>>,
  known: Parameters<typeof rttmText>[1],
) {
  const { name, samples, reference } = conversation;
  writeFileAtomic(join(folder, `${name}.ref.rttm`), rttmText(name, reference));
  writeFileAtomic(join(folder, `${name}.hyp.rttm`), rttmText(name, known));
  writeWav16(join(folder, `${name}.wav`), samples, 16000);
}

console.log(
  JSON.stringify({
    side,
    conversations: found.length,
    known: rates(addErrors(found.map(({ known }) => known))),
    unknown: rates(addErrors(found.map(({ unknown }) => unknown))),
    countRight: found.filter(({ speakers, heard }) => speakers === heard).length,
  }),
);
