import { CLEARLY_PERIODIC } from '../../audio/speech/vad.js';

/** A stretch of speech in frames, from the start of the stream. */
export interface FrameSpan {
  first: number;
  /** The frame behind the last. */
  end: number;
  /** Frames of speech in it; the others are short pauses. */
  speech: number;
  /** True where it was ended because it was long, and not by a pause. */
  cut: boolean;
}

/** How frames become stretches, in frames. */
export interface StreamSpanOptions {
  /** Pauses up to this length belong to a stretch. */
  joinFrames: number;
  /** A stretch ends here at the latest. */
  mostFrames: number;
  /** Smallest share of vowels. */
  leastVoiced: number;
}

/** Makes stretches of frames that come one after the other. */
export interface StreamSpans {
  /** The stretches that these frames end. */
  push(active: Uint8Array, periodic: Float32Array): FrameSpan[];
  end(): FrameSpan[];
  /** The first frame that may still become part of a stretch. */
  since(): number;
}

/** The stretches of `speechSpans`, told as soon as a pause is long enough; what is hardly ever periodic is no voice. */
export function createStreamSpans({ joinFrames, mostFrames, leastVoiced }: StreamSpanOptions): StreamSpans {
  let now = 0;
  let run: { first: number; voiced: number } | null = null;
  let open: FrameSpan | null = null;
  const finishRun = () => {
    if (run === null) return;
    const { first, voiced } = run;
    run = null;
    if (voiced < leastVoiced * (now - first)) return;
    open = { first: open?.first ?? first, end: now, speech: (open?.speech ?? 0) + now - first, cut: false };
  };
  const close = (cut: boolean): FrameSpan[] => {
    finishRun();
    if (open === null) return [];
    const ended = { first: open.first, end: open.end, speech: open.speech, cut };
    open = null;
    return [ended];
  };
  const step = (isActive: boolean, isVoiced: boolean): FrameSpan[] => {
    if (isActive) {
      run ??= { first: now, voiced: 0 };
      if (isVoiced) run.voiced++;
      now++;
      return now - (open?.first ?? run.first) >= mostFrames ? close(true) : [];
    }
    finishRun();
    now++;
    return open !== null && now - open.end > joinFrames ? close(false) : [];
  };
  return {
    push: (active, periodic) => [...active].flatMap((state, i) => step(state === 1, periodic[i] > CLEARLY_PERIODIC)),
    end: () => close(false),
    since: () => open?.first ?? run?.first ?? now,
  };
}
