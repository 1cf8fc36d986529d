// Names voices while they speak. Sound comes on standard input, 16 bits, one channel, for example from a microphone through ffmpeg:
//
//   ffmpeg -f alsa -i default -f s16le -ac 1 -ar 16000 - | node dist/examples/live-voices.js MODEL STORE 16000 [THRESHOLD]
import { openSpeakerModel, openVoiceStream, tooLittleSpeech } from 'voxloop/tools';

const [folder, store, rate, threshold] = process.argv.slice(2);
const model = await openSpeakerModel(folder);
const stream = await openVoiceStream(model, {
  sampleRateHz: Number(rate),
  store,
  // Without it the model's calibration decides.
  threshold: threshold === undefined ? undefined : Number(threshold),
});

type Heard = Awaited<ReturnType<typeof stream.push>>;

function tell(voices: Heard): void {
  for (const { startSeconds, endSeconds, speaker, score, shortage } of voices) {
    const who = shortage ? tooLittleSpeech(shortage) : (speaker ?? 'undecided');
    const sure = score === null ? '' : ` (${score.toFixed(2)})`;
    console.log(`${startSeconds.toFixed(2)} to ${endSeconds.toFixed(2)} s: ${who}${sure}`);
  }
}

// A chunk may end in the middle of a sample.
let rest = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  const bytes = Buffer.concat([rest, chunk]);
  const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
  rest = bytes.subarray(2 * samples.length);
  tell(await stream.push(samples));
}
tell(await stream.end());
await model.close();
