/** The places of every name, in order of first mention. */
export function numbersOf(names: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  names.forEach((name, i) => {
    const known = places.get(name);
    if (known) known.push(i);
    else places.set(name, [i]);
  });
  return places;
}
