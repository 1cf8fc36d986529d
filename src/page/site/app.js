import { decode as decodeBy, record } from './sound.js';
import { drawTurns } from './turns.js';

const $ = (id) => document.getElementById(id);

/** Asks the worker, which holds the model. */
function createVoices() {
  const worker = new Worker('worker.js', { type: 'module' });
  const waiting = new Map();
  let next = 0;
  worker.onmessage = ({ data: { id, result, fault } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (fault === undefined) resolve(result);
    else reject(new Error(fault));
  };
  return (task, request) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, task, ...request });
    });
}

const ask = createVoices();
const decode = (file) => decodeBy(file, (bytes) => ask('decode', { bytes }));
const recordings = { a: undefined, b: undefined };

/** Buttons to record or choose one of the two recordings. */
function addRecorder(name) {
  const card = $(name);
  card.append($('recorder').content.cloneNode(true));
  const [button, file, heard, state] = ['button', 'input', '.heard', '[role=status]'].map((part) =>
    card.querySelector(part),
  );
  const take = (samples, source) => {
    recordings[name] = samples;
    const audio = document.createElement('audio');
    audio.controls = true;
    audio.src = URL.createObjectURL(source);
    heard.replaceChildren(audio);
    state.textContent = `${(samples.length / 16000).toFixed(1)} s`;
    return compare();
  };
  const tell = (error) => {
    state.textContent = error.message;
  };
  file.addEventListener('change', () => {
    if (file.files[0]) decode(file.files[0]).then((samples) => take(samples, file.files[0]), tell);
  });
  let stop;
  button.addEventListener('click', async () => {
    try {
      if (stop) {
        const finish = stop;
        stop = undefined;
        const { samples, file: spoken } = await finish();
        await take(samples, spoken);
      } else {
        stop = await record();
        state.textContent = 'Recording: say a few sentences, then stop.';
      }
    } catch (error) {
      stop = undefined;
      tell(error);
    }
    button.textContent = stop ? 'Stop' : 'Record';
    button.classList.toggle('on', Boolean(stop));
  });
}

async function compare() {
  const { a, b } = recordings;
  if (!a || !b) return;
  const verdict = $('verdict');
  verdict.textContent = 'Listening.';
  try {
    const { cosine, llr, same, threshold } = await ask('compare', { a, b });
    const said =
      same === null
        ? 'The model has no calibration: how alike they sound is all that it can tell.'
        : same
          ? 'The same speaker.'
          : 'Different speakers.';
    const ratio = llr === null ? '' : `, log-likelihood ratio ${llr.toFixed(2)}`;
    const limit =
      threshold === null ? '' : ` Above ${threshold.value.toFixed(4)} they count as one speaker (${threshold.basis}).`;
    const small = document.createElement('small');
    small.textContent = `Cosine ${cosine.toFixed(4)}${ratio}.${limit}`;
    verdict.replaceChildren(said, small);
  } catch (error) {
    verdict.textContent = error.message;
  }
}

async function listen(file) {
  const state = $('talk-state');
  state.textContent = 'Listening.';
  $('turns').replaceChildren();
  try {
    const samples = await decode(file);
    const speakers = Number($('speakers').value) || undefined;
    const segments = await ask('diarize', { samples, speakers });
    const names = new Set(segments.map(({ speaker }) => speaker));
    state.textContent =
      segments.length === 0 ? 'No speech was found.' : `${names.size} speaker${names.size > 1 ? 's' : ''}.`;
    $('turns').replaceChildren(...drawTurns(segments, samples.length / 16000));
  } catch (error) {
    state.textContent = error.message;
  }
}

for (const name of ['a', 'b']) addRecorder(name);
const talk = $('talk');
$('talk-file').addEventListener('change', ({ target }) => target.files[0] && listen(target.files[0]));
for (const [event, over] of [
  ['dragover', true],
  ['dragleave', false],
  ['drop', false],
]) {
  talk.addEventListener(event, (dragged) => {
    dragged.preventDefault();
    talk.classList.toggle('over', over);
    if (event === 'drop' && dragged.dataTransfer.files[0]) listen(dragged.dataTransfer.files[0]);
  });
}

fetch('model.json')
  .then((response) => response.json())
  .then(({ name }) => {
    $('model').textContent = `The model: ${name}.`;
  });

/** For the console: the same functions, on 16 kHz samples in [-1, 1]. */
globalThis.voxloop = { ask, decode };
