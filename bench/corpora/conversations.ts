import { join } from 'node:path';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { applyChannel } from '../../src/data/corpus/channel.js';
import { channelPath } from '../../src/data/corpus/finish-corpus.js';
import type { Manifest, Utterance } from '../../src/data/manifest.js';
import type { Segment } from '../../src/diarize/segments.js';
import { createRng, type Rng } from '../../src/random.js';

const RATE_HZ = 16000;
const TURN_SECONDS = [1.5, 8] as const;
const PAUSE_SECONDS = [0.2, 1.5] as const;
const OVERLAP_SECONDS = [0.4, 1.5] as const;
const OVERLAP_SHARE = 0.05;
const LEVEL = 0.06;
const ROOM_DB = -30;

/** A made-up conversation and who speaks when in it. */
export interface Conversation {
  name: string;
  /** 16 kHz mono */
  samples: Float32Array;
  reference: Segment[];
}

export interface ConversationOptions {
  side: 'train' | 'test';
  speakers: number;
  seconds: number;
  seed: number;
  /** Test utterances are heard as they are: they have channels of their own. */
  plain?: boolean;
}

/**
 * Composes a conversation of a corpus' speakers by seed: turns of 1.5 to 8 s in random order, no speaker twice in a row, pauses of 0.2
 * to 1.5 s, and where overlap is due a turn that begins before the last has ended, up to 5 % of the speech. The room's noise lies 30 dB
 * below the speech. Every utterance went through a
 * channel of its own, unless it is to be heard plain: test utterances come from the corpus' channel form, training utterances through a channel
 * drawn here.
 */
export async function composeConversation(manifest: Manifest, options: ConversationOptions): Promise<Conversation> {
  const { side, speakers, seconds, seed, plain = false } = options;
  const rng = createRng(seed).fork(`conversation/${side}`);
  const sources = new Map(
    chooseSpeakers(manifest, side, speakers, seconds, rng).map(([speaker, own]) => [
      speaker,
      openVoice(manifest.dir, rng.fork(`order/${speaker}`).shuffle(own), plain, rng.fork(`channel/${speaker}`)),
    ]),
  );
  const names = [...sources.keys()];
  const room = LEVEL * 10 ** (ROOM_DB / 20);
  const samples = Float32Array.from({ length: Math.ceil((seconds + 20) * RATE_HZ) }, () => room * rng.normal());
  const reference: Segment[] = [];
  let [end, speech, overlap, last] = [0.5, 0, 0, ''];
  while (end < seconds) {
    const waiting = names.filter((name) => name !== last);
    // Everybody speaks once before anybody is left to chance.
    const silent = waiting.filter((name) => reference.every(({ speaker }) => speaker !== name));
    const speaker = silent.length > 0 ? silent[0] : waiting[rng.int(waiting.length)];
    const turn = await sources.get(speaker)!(rng.uniform(...TURN_SECONDS));
    const length = turn.length / RATE_HZ;
    const before = reference.at(-1);
    const due = before !== undefined && overlap < OVERLAP_SHARE * speech;
    const most = before ? Math.min(before.endSeconds - before.startSeconds, length) / 2 : 0;
    const shared = due ? Math.min(rng.uniform(...OVERLAP_SECONDS), most) : 0;
    const startSeconds = due ? end - shared : end + rng.uniform(...PAUSE_SECONDS);
    const start = Math.round(startSeconds * RATE_HZ);
    for (let i = 0; i < turn.length; i++) samples[start + i] += turn[i];
    reference.push({ startSeconds, endSeconds: startSeconds + length, speaker });
    [end, speech, overlap, last] = [Math.max(end, startSeconds + length), speech + length, overlap + shared, speaker];
  }
  const whole = samples.subarray(0, Math.ceil((end + 0.5) * RATE_HZ));
  return { name: `${side}-${speakers}-${seed}`, samples: fitted(whole), reference };
}

/** Speakers with audio for their share of the conversation, and some to spare. */
function chooseSpeakers(manifest: Manifest, side: string, count: number, seconds: number, rng: Rng) {
  const bySpeaker = new Map<string, Utterance[]>();
  for (const utterance of manifest.utterances) {
    if (utterance.split !== side || utterance.speaker === null) continue;
    bySpeaker.set(utterance.speaker, [...(bySpeaker.get(utterance.speaker) ?? []), utterance]);
  }
  const enough = [...bySpeaker].filter(
    ([, own]) => own.reduce((sum, one) => sum + one.seconds, 0) >= Math.min((1.2 * seconds) / count, 40),
  );
  return rng.shuffle(enough).slice(0, count);
}

/** Hands out a speaker's audio in turns of a given length, at one loudness; begins anew when all is used up. */
function openVoice(
  dir: string,
  utterances: readonly Utterance[],
  plain: boolean,
  rng: Rng,
): (seconds: number) => Promise<Float32Array> {
  let next = 0;
  return async (seconds) => {
    const turn = new Float32Array(Math.round(seconds * RATE_HZ));
    for (let at = 0; at < turn.length; ) {
      const { id, path, split } = utterances[next++ % utterances.length];
      const audio =
        split === 'test'
          ? await loadMono16k(join(dir, plain ? path : channelPath(path)))
          : applyChannel(await loadMono16k(join(dir, path)), rng.fork(id));
      const piece = atLevel(audio.subarray(0, turn.length - at), LEVEL);
      turn.set(piece, at);
      at += piece.length;
    }
    const gain = 10 ** (rng.uniform(-3, 3) / 20);
    return turn.map((value) => gain * value);
  };
}

function atLevel(samples: Float32Array, rms: number): Float32Array {
  const now = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  return samples.map((value) => (value * rms) / Math.max(now, 1e-6));
}

function fitted(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return peak > 0.99 ? samples.map((value) => (0.99 * value) / peak) : samples;
}
