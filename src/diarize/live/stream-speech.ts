import { frameCount } from '../../audio/features/fbank-options.js';
import { VAD_FEATURES, VAD_FRAME_SECONDS, type VadOptions } from '../../audio/speech/vad.js';
import { joinRows } from '../../rows.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { createStreamLevels, FRAME, MARGIN } from './stream-levels.js';
import { createStreamSpans } from './stream-spans.js';
import { createTwoStates } from './two-states.js';

/** A stretch of speech that has ended. */
export interface SpokenStretch {
  /** From the start of the stream. */
  startSeconds: number;
  endSeconds: number;
  /** Without the pauses. */
  speechSeconds: number;
  /** 16 kHz. */
  samples: Float32Array;
}

export interface StreamSpeechOptions {
  vad: VadOptions;
  joinSeconds: number;
  padSeconds: number;
  mostSeconds: number;
}

/** Finds speech in a signal of 16 kHz that has no end. */
export interface StreamSpeech {
  push(samples: Float32Array): SpokenStretch[];
  end(): SpokenStretch[];
}

/** Frames that are looked at together, and those that the first estimate of the noise waits for. */
const [BLOCK, FIRST] = [50, 200];
/** Frames that the best path may hold back. */
const UNDECIDED = 200;

/**
 * Finds stretches of speech in sound as it comes. It looks at blocks of half a second, counted from the start, so that the pieces in which
 * the sound comes make no difference; and keeps no more than the stretch that is open and a few seconds.
 */
export function createStreamSpeech({ vad, joinSeconds, padSeconds, mostSeconds }: StreamSpeechOptions): StreamSpeech {
  const frames = (seconds: number) => Math.round(seconds / VAD_FRAME_SECONDS);
  const levels = createStreamLevels(vad);
  const states = createTwoStates(vad.switchCost, UNDECIDED);
  const spans = createStreamSpans({
    joinFrames: frames(joinSeconds),
    mostFrames: frames(mostSeconds),
    leastVoiced: vad.leastVoiced,
  });
  const [sound, pad] = [createSound(), Math.round(padSeconds * SAMPLE_RATE_HZ)];
  let [seen, told] = [0, 0];
  let periodic: Float32Array = new Float32Array(0);

  const look = (count: number) => {
    const from = Math.max(0, seen * FRAME - MARGIN);
    levels.add(sound.between(from, (seen + count) * FRAME + MARGIN), seen * FRAME - from, count);
    seen += count;
  };
  const decide = (ending: boolean): SpokenStretch[] => {
    const block = levels.take();
    periodic = joinRows([periodic, block.periodic]);
    const active = states.push(block.odds);
    const all = ending ? Uint8Array.from([...active, ...states.end()]) : active;
    const ended = spans.push(all, periodic.subarray(0, all.length));
    periodic = periodic.slice(all.length);
    const stretches = (ending ? ended.concat(spans.end()) : ended).map((span) => {
      const start = Math.max(told, span.first * FRAME - pad);
      told = Math.min(sound.length(), span.end * FRAME + (span.cut ? 0 : pad));
      return stretchOf(sound.between(start, told), start, span.speech);
    });
    sound.forget(Math.min(spans.since() * FRAME - pad, seen * FRAME - MARGIN));
    return stretches;
  };
  const lookWhile = (isKnown: () => boolean): SpokenStretch[] => {
    const stretches: SpokenStretch[] = [];
    while (isKnown()) {
      look(BLOCK);
      if (seen >= FIRST) stretches.push(...decide(false));
    }
    return stretches;
  };
  return {
    push(samples) {
      sound.add(samples);
      return lookWhile(() => sound.length() >= (seen + BLOCK) * FRAME + MARGIN);
    },
    end() {
      const last = frameCount(sound.length(), VAD_FEATURES);
      const stretches = lookWhile(() => last >= seen + BLOCK);
      if (last > seen) look(last - seen);
      return stretches.concat(seen > 0 ? decide(true) : []);
    },
  };
}

const stretchOf = (samples: Float32Array, start: number, speechFrames: number): SpokenStretch => ({
  startSeconds: start / SAMPLE_RATE_HZ,
  endSeconds: (start + samples.length) / SAMPLE_RATE_HZ,
  speechSeconds: Number((speechFrames * VAD_FRAME_SECONDS).toFixed(2)),
  samples,
});

/** The end of a signal, addressed from its start. */
function createSound() {
  let held: Float32Array = new Float32Array(0);
  let first = 0;
  return {
    length: () => first + held.length,
    add(samples: Float32Array): void {
      held = joinRows([held, samples]);
    },
    /** Copies; what lies beyond the end is left out. */
    between: (start: number, end: number): Float32Array => held.slice(start - first, Math.max(0, end - first)),
    forget(before: number): void {
      if (before <= first) return;
      held = held.slice(before - first);
      first = before;
    },
  };
}
