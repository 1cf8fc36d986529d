// Tells who speaks when in a recording:
//
//   node dist/examples/diarize.js MODEL meeting.wav [SPEAKERS]
import { diarizeFile, diarizeOptions, openSpeakerModel } from 'voxloop/tools';

const [folder, file, speakers] = process.argv.slice(2);
const model = await openSpeakerModel(folder);

// Everything has a default; the number of speakers is found when it is not given.
const options = diarizeOptions.parse(speakers === undefined ? {} : { speakers: Number(speakers) });
const outcome = await diarizeFile(file, model.extractor, options);
await model.close();

if ('reason' in outcome) throw new Error(outcome.reason);
const seconds = new Map<string, number>();
for (const { speaker, startSeconds, endSeconds } of outcome.segments) {
  console.log(`${startSeconds.toFixed(2)} to ${endSeconds.toFixed(2)} s: ${speaker}`);
  seconds.set(speaker, (seconds.get(speaker) ?? 0) + endSeconds - startSeconds);
}
for (const [speaker, total] of seconds) console.log(`${speaker} speaks for ${total.toFixed(1)} s`);
