import { type Segment, type Span, spansBySpeaker } from '../segments.js';

/**
 * Adds a second speaker where two speak at once: whoever else speaks nearest in time, for people overlap where turns change (Otterson and
 * Ostendorf, "Efficient use of overlap information in speaker diarization", ASRU 2007, doi:10.1109/ASRU.2007.4430194).
 * @param segments turns of one speaker at a time, in the order of time
 * @param overlaps stretches in which two speak
 * @returns the turns, some of which overlap, in the order of time; as they were where nobody else speaks
 */
export function addSecondVoices(segments: readonly Segment[], overlaps: readonly Span[]): Segment[] {
  const added = overlaps.flatMap((overlap) => segments.flatMap((segment) => secondVoice(segments, segment, overlap)));
  if (added.length === 0) return [...segments];
  const turns = [...spansBySpeaker(segments.concat(added))].flatMap(([speaker, spans]) =>
    spans.map(({ startSeconds, endSeconds }): Segment => ({ startSeconds, endSeconds, speaker })),
  );
  return turns.sort((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
}

/** The turn of another speaker within a segment, where it is overlapped and there is one. */
function secondVoice(segments: readonly Segment[], segment: Segment, overlap: Span): Segment[] {
  const startSeconds = Math.max(segment.startSeconds, overlap.startSeconds);
  const endSeconds = Math.min(segment.endSeconds, overlap.endSeconds);
  if (endSeconds <= startSeconds) return [];
  const distance = (other: Segment) => Math.max(other.startSeconds - endSeconds, startSeconds - other.endSeconds);
  const others = segments.filter(({ speaker }) => speaker !== segment.speaker);
  if (others.length === 0) return [];
  const { speaker } = others.reduce((nearest, other) => (distance(other) < distance(nearest) ? other : nearest));
  return [{ startSeconds, endSeconds, speaker }];
}
