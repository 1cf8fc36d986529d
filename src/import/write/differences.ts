/** Where settings are others, as `width is 8 and not 32`; of nested ones the path. `ignored` are names at the top. */
export function differencesOf(
  own: Readonly<Record<string, unknown>>,
  theirs: Readonly<Record<string, unknown>>,
  ignored: readonly string[] = [],
): string[] {
  const names = Object.keys({ ...theirs, ...own }).filter((name) => !ignored.includes(name));
  return names.flatMap((name) => {
    const [a, b] = [own[name], theirs[name]];
    if (isRecord(a) && isRecord(b)) return differencesOf(a, b).map((fault) => `${name}.${fault}`);
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [`${name} is ${textOf(a)} and not ${textOf(b)}`];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (value === undefined ? 'unset' : JSON.stringify(value));
