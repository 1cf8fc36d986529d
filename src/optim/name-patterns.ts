/** The test whether a name matches the pattern; `*` matches any text. */
export function namePattern(pattern: string): (name: string) => boolean {
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const expression = new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`);
  return (name) => expression.test(name);
}

/** The first of `patterns` that matches none of `names`, if there is one. */
export const idlePattern = (patterns: readonly string[], names: readonly string[]): string | undefined =>
  patterns.find((pattern) => !names.some(namePattern(pattern)));
