// Writes the validation voices of configs/real-speech.yaml as they are and through channels, and trials across the two, to calibrate a model by.
//
//   node dist/bench/corpora/validation-forms.js ROOT --out forms
//   voxloop calibrate --model MODEL --root forms --trials forms/trials.txt --raw
//
// Each trial of configs/splits/real-speech-validation.txt is there as it is, with either side through a channel, and with both through
// channels of their own: those that test utterances of a corpus pass in `channel` lists. So a threshold is not one of equal microphones.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPartDecoder } from '../../src/data/audio-part.js';
import { applyChannel } from '../../src/data/corpus/channel.js';
import { parseFragment } from '../../src/data/corpus/folders/fragments.js';
import { readTrials, type Trial, trialUtterances, writeTrials } from '../../src/data/trials.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createRng } from '../../src/random.js';
import { SAMPLE_RATE_HZ } from '../../src/sample-rate.js';

const LIST = 'configs/splits/real-speech-validation.txt';
const FORMS = ['clean', 'channel'] as const;
const PAIRS = [
  ['clean', 'clean'],
  ['clean', 'channel'],
  ['channel', 'clean'],
  ['channel', 'channel'],
] as const;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'forms' } },
});
const [root] = positionals;
const trials = readTrials(LIST);
const names = [...new Set(trialUtterances(trials))].sort();
const rng = createRng(1).fork('validation forms');
const decode = openPartDecoder();
const fileOf = (form: (typeof FORMS)[number], name: string) => `${form}/${names.indexOf(name)}.wav`;

for (const form of FORMS) mkdirSync(join(values.out, form), { recursive: true });
for (const name of names) {
  const { path, seconds } = parseFragment(name) ?? { path: name };
  const samples = await decode(join(root, path), { seconds });
  writeWav16(join(values.out, fileOf('clean', name)), samples, SAMPLE_RATE_HZ);
  writeWav16(join(values.out, fileOf('channel', name)), applyChannel(samples, rng.fork(name)), SAMPLE_RATE_HZ);
}
const inForms = PAIRS.flatMap(([enrolled, tested]) =>
  trials.map(({ enrolment, test, target }): Trial => {
    return { enrolment: fileOf(enrolled, enrolment), test: fileOf(tested, test), target };
  }),
);
writeTrials(join(values.out, 'trials.txt'), inForms);
console.log(`${names.length} utterances in two forms, ${inForms.length} trials`);
