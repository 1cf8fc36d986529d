const KINDS: readonly [RegExp, string][] = [
  [/^past the end/, 'past the end'],
  [/^too short|an embedding needs at least/, 'too short'],
  [/cut short/, 'cut short'],
  [/is empty|no samples|no audio|silent|only silence/, 'empty or silent'],
  [/does not exist|No permission/, 'not there'],
  [/embedding .* not finite/, 'without a finite embedding'],
];

/** The kind of a reason for which a recording was refused, for counting. */
export const kindOfReason = (reason: string): string =>
  KINDS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'unreadable';
