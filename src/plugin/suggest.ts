/** Most names in a suggestion. */
const SUGGESTIONS = 4;

/** `; did you mean 'x'?` for the valid names near a wrong one, or an empty string when none is near. */
export function didYouMean(text: string, names: Iterable<string>): string {
  const near = nearNames(text, names).map((name) => `'${name}'`);
  if (near.length === 0) return '';
  const [last, ...others] = near.reverse();
  return `; did you mean ${others.length > 0 ? `${others.reverse().join(', ')} or ${last}` : last}?`;
}

/** Like didYouMean, but lists every valid name when none is near. */
export function didYouMeanOrKnown(text: string, names: readonly string[]): string {
  return didYouMean(text, names) || (names.length > 0 ? `; known: ${names.join(', ')}` : '');
}

/** The name nearest to `text`, if one is near. */
export const nearestName = (text: string, names: Iterable<string>): string | undefined => nearNames(text, names)[0];

/**
 * The names near `text`, nearest first: at most a third of its letters wrong, or one a prefix of the other. Of a family of similar
 * names, only those hardly farther than the nearest.
 */
function nearNames(text: string, names: Iterable<string>): string[] {
  const most = Math.max(1, Math.floor(text.length / 3));
  const near = [...names].flatMap((name) => {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase());
    return distance <= most || isPrefix(text, name) ? [{ name, distance }] : [];
  });
  near.sort((a, b) => a.distance - b.distance);
  return near
    .filter(({ distance }) => distance <= near[0].distance + 1)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}

function isPrefix(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && long.startsWith(short);
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
