const RATE = 16000;

/**
 * A file as 16 kHz mono samples in [-1, 1]: WAV files as voxloop reads them, by `readWav`, and all others as the browser decodes and
 * resamples them.
 */
export async function decode(file, readWav) {
  const bytes = await file.arrayBuffer();
  const samples = await readWav(new Uint8Array(bytes));
  if (samples) return samples;
  try {
    return mono(await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes));
  } catch {
    throw new Error(`${file.name ?? 'The recording'} cannot be decoded by this browser.`);
  }
}

/** The mean of the channels. */
function mono(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  if (channels.length === 1) return channels[0];
  return Float32Array.from(
    channels[0],
    (_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length,
  );
}

/** Begins to record; returns what ends it, with 16 kHz samples and a file to hear them by. Voices are not changed on the way. */
export async function record() {
  if (!navigator.mediaDevices) throw new Error('A browser records on https and localhost only.');
  const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const context = new AudioContext();
  await context.audioWorklet.addModule('tap.js');
  const [source, tap] = [context.createMediaStreamSource(stream), new AudioWorkletNode(context, 'tap')];
  const chunks = [];
  tap.port.onmessage = ({ data }) => chunks.push(data);
  source.connect(tap).connect(context.destination);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    const samples = await resampled(joined(chunks), context.sampleRate);
    return { samples, file: wavOf(samples) };
  };
}

function joined(chunks) {
  const all = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

async function resampled(samples, rate) {
  if (samples.length === 0) throw new Error('Nothing was recorded.');
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE);
  const buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

/** A WAV file of 16 bits. */
function wavOf(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => {
    for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  for (const [i, value] of samples.entries()) {
    view.setInt16(44 + 2 * i, Math.max(-32768, Math.min(32767, Math.round(value * 32768))), true);
  }
  return new Blob([view], { type: 'audio/wav' });
}
