/** The slowest tests and the slowest files of a run, as lines to print; `times` is the text that timed-ava.mjs wrote. */
export function slowest(times, count) {
  const tests = times
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const files = new Map();
  for (const { file, fileSeconds } of tests) files.set(file, Math.max(files.get(file) ?? 0, fileSeconds));
  return [
    ...table(
      'slowest tests',
      tests.map(({ file, title, seconds }) => ({ what: `${file}: ${title}`, seconds })),
      count,
    ),
    ...table(
      'slowest files',
      [...files].map(([what, seconds]) => ({ what, seconds })),
      count,
    ),
  ];
}

function table(heading, rows, count) {
  if (rows.length === 0) return [];
  const longest = rows.sort((a, b) => b.seconds - a.seconds).slice(0, count);
  return [`${heading}:`, ...longest.map(({ what, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${what}`)];
}
