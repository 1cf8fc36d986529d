/** A turn of one speaker, in seconds from the start of the recording. */
export interface Segment {
  startSeconds: number;
  endSeconds: number;
  speaker: string;
}

/** A stretch of time, in seconds. */
export interface Span {
  startSeconds: number;
  endSeconds: number;
}

/** Sorts spans and joins those that touch or overlap, or lie at most `gapSeconds` apart. Empty ones are dropped. */
export function joinSpans(spans: readonly Span[], gapSeconds = 0): Span[] {
  const joined: Span[] = [];
  const order = spans.filter((span) => span.endSeconds > span.startSeconds);
  for (const { startSeconds, endSeconds } of order.sort((a, b) => a.startSeconds - b.startSeconds)) {
    const last = joined.at(-1);
    if (last && startSeconds - last.endSeconds <= gapSeconds) last.endSeconds = Math.max(last.endSeconds, endSeconds);
    else joined.push({ startSeconds, endSeconds });
  }
  return joined;
}

/** The spans of each speaker, joined where they touch or overlap; speakers in the order of their first turn. */
export function spansBySpeaker(segments: readonly Segment[]): Map<string, Span[]> {
  const spans = new Map<string, Segment[]>();
  for (const segment of segments) {
    const known = spans.get(segment.speaker);
    if (known) known.push(segment);
    else spans.set(segment.speaker, [segment]);
  }
  return new Map([...spans].map(([speaker, turns]) => [speaker, joinSpans(turns)]));
}

/** What is left of spans where none of `taken` is; both sorted and joined. */
export function spansWithout(spans: readonly Span[], taken: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    const inside = taken.filter(
      (other) => other.startSeconds < span.endSeconds && other.endSeconds > span.startSeconds,
    );
    const starts = [span.startSeconds, ...inside.map(({ endSeconds }) => endSeconds)];
    const ends = [...inside.map(({ startSeconds }) => startSeconds), span.endSeconds];
    return starts
      .map((startSeconds, i) => ({ startSeconds, endSeconds: ends[i] }))
      .filter(({ startSeconds, endSeconds }) => endSeconds > startSeconds);
  });
}

/** Runs of equal labels over frames of `frameSeconds`, negative labels left out, as spans with their label. */
export function runsOf(labels: ArrayLike<number>, frameSeconds: number): (Span & { label: number })[] {
  const runs: (Span & { label: number })[] = [];
  for (let start = 0; start < labels.length; ) {
    let end = start + 1;
    while (end < labels.length && labels[end] === labels[start]) end++;
    if (labels[start] >= 0) {
      runs.push({ startSeconds: start * frameSeconds, endSeconds: end * frameSeconds, label: labels[start] });
    }
    start = end;
  }
  return runs;
}
