const KINDS: readonly [RegExp, string][] = [
  [/^past the end/, 'past the end'],
  [/^too short/, 'too short'],
  [/cut short/, 'cut short'],
  [/is empty|no samples|no audio|silent|only silence/, 'empty or silent'],
  [/does not exist|No permission/, 'not there'],
];

/** The kind of a reason for which the decoders refused a recording, for counting. */
export const kindOfReason = (reason: string): string =>
  KINDS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'unreadable';
