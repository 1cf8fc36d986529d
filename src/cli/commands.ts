import type { Command } from 'commander';
import { register as bench } from './bench/bench.js';
import { register as calibrate } from './calibrate.js';
import { register as cluster } from './cluster.js';
import { register as corpus } from './corpus/corpus.js';
import { register as der } from './der.js';
import { register as diarize } from './diarize/diarize.js';
import { register as doctor } from './doctor/doctor.js';
import { register as embed } from './embed.js';
import { register as enroll } from './enroll.js';
import { register as exportModel } from './export.js';
import { register as extractTarget } from './extract-target.js';
import { register as fbank } from './fbank.js';
import { register as identify } from './identify.js';
import { register as importModel } from './import.js';
import { register as probe } from './inspect/probe.js';
import { register as saliency } from './inspect/saliency.js';
import { register as learn } from './learn/learn.js';
import { register as metrics } from './metrics/metrics.js';
import { register as model } from './model/model.js';
import { register as pack } from './pack.js';
import { register as page } from './page.js';
import { register as plan } from './plan/plan.js';
import { register as plugins } from './plugins.js';
import { register as quantize } from './quantize.js';
import { register as run } from './run/run.js';
import { register as score } from './score/score.js';
import { register as setup } from './setup.js';
import { register as similarity } from './similarity.js';
import { register as size } from './size.js';
import { register as speakers } from './speakers.js';
import { register as verify } from './verify.js';
import { register as watch } from './watch.js';

/** Every command, in the order of --help. Their files import nothing heavy before they run. */
export const commands: readonly ((program: Command) => void)[] = [
  setup,
  doctor,
  learn,
  run,
  watch,
  plan,
  plugins,
  corpus,
  fbank,
  importModel,
  model,
  embed,
  exportModel,
  pack,
  page,
  size,
  probe,
  saliency,
  quantize,
  similarity,
  enroll,
  speakers,
  verify,
  identify,
  calibrate,
  diarize,
  der,
  extractTarget,
  score,
  metrics,
  cluster,
  bench,
];
