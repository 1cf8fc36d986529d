// Trains a model from a program: runs a recipe, with changes, and tells what came of it.
//
//   node dist/examples/train.js configs/small/simclr.yaml runs/mine [ssl.steps=50 ...] [--plugin=./mine.ts ...]
import { join } from 'node:path';
import { runRecipe } from 'voxloop/tools';

const [recipe, out, ...rest] = process.argv.slice(2);
const plugins = rest.filter((argument) => argument.startsWith('--plugin=')).map((argument) => argument.slice(9));
const settings = rest.filter((argument) => !argument.startsWith('--plugin='));

// Ctrl-C stops at the next step; the same command goes on from there and ends with the same results.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const artifacts = await runRecipe(recipe, { out, settings, plugins, signal: stop.signal, log: console.log });

for (const [name, { stage, seconds }] of artifacts) console.log(`${name} (${stage}): ${seconds.toFixed(1)} s`);
// The folder of an `embed` stage holds its network as a model, which the other examples take.
for (const { dir, stage } of artifacts.values()) if (stage === 'embed') console.log(`model: ${join(dir, 'model')}`);
