// Embeds recordings and tells how alike each two of them sound:
//
//   node dist/examples/embed-and-compare.js MODEL a.wav b.flac c.mp3
//
// MODEL is a folder that a recipe made, such as runs/demo/stages/loop-embeddings/model.
import { chooseThreshold, directionOfFile, openSpeakerModel } from 'voxloop/tools';

const [folder, ...files] = process.argv.slice(2);
const model = await openSpeakerModel(folder);

// Directions are embeddings around the model's mean, of length one: their inner product is the cosine.
const directions: Float32Array[] = [];
for (const file of files) directions.push(await directionOfFile(model, file));
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// The calibration's threshold; without a calibration (see `voxloop calibrate`) cosines are printed and nothing is decided.
const threshold = chooseThreshold(model.calibration);
console.log(threshold ? `same speaker above ${threshold.value} (${threshold.basis})` : 'no calibration: cosines only');
for (const [i, a] of files.entries()) {
  for (const [j, b] of files.entries()) {
    if (j <= i) continue;
    const score = cosine(directions[i], directions[j]);
    const decision = threshold ? ` ${score > threshold.value ? 'same' : 'different'}` : '';
    console.log(`${a} ${b} ${score.toFixed(3)}${decision}`);
  }
}
await model.close();
