// Enrols speakers in a store and tells who is heard in other recordings:
//
//   node dist/examples/enrol-and-identify.js MODEL STORE anna=a1.wav,a2.wav ben=b1.wav new1.wav new2.wav
import { enrollSpeakers, identifySpeakers, openSpeakerModel } from 'voxloop/tools';

const [folder, store, ...rest] = process.argv.slice(2);
const requests = rest
  .filter((argument) => argument.includes('='))
  .map((argument) => ({ speaker: argument.split('=')[0], files: argument.split('=')[1].split(',') }));
const unknown = rest.filter((argument) => !argument.includes('='));

const model = await openSpeakerModel(folder);

// A recording that was enrolled before is not enrolled again, so the program may be run twice.
const { enrolled, refused } = await enrollSpeakers(store, model, requests);
for (const { speaker, utterances } of enrolled) console.log(`enrolled ${speaker}, recordings: ${utterances}`);
for (const { speaker, reason } of refused) console.log(`${speaker} was not enrolled: ${reason}`);

// Open set: `speaker` is null when nobody in the store is near enough, and where the model has no calibration to decide by.
const { threshold, results } = await identifySpeakers(store, model, unknown, { top: 3 });
console.log(threshold ? `threshold ${threshold.value} (${threshold.basis})` : 'no calibration: nobody is named');
for await (const result of results) {
  if ('reason' in result) console.log(`${result.file}: ${result.reason}`);
  else console.log(`${result.file}: ${result.speaker ?? 'nobody'}, nearest ${result.matches[0].speaker}`);
}
await model.close();
