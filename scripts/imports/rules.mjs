// A unit is a folder, or a file with a rank of its own. A unit may import units of its own rank and of later ones.
const ranks = [
  ['cli'],
  ['tools'],
  ['builtins'],
  ['pipeline'],
  ['stages', 'ssl', 'clustering', 'backbones', 'poolings', 'losses', 'augmentations'],
  ['index'],
  ['speakers', 'diarize'],
  ['plugin'],
  ['train', 'embed', 'eval', 'data', 'report', 'cluster'],
  ['nn', 'optim', 'audio'],
  ['engine'],
  ['io'],
  ['errors', 'random', 'rows', 'host-tensor'],
];

// These are written against the public surface alone, as a user's plugin is.
const plugins = ['ssl', 'clustering', 'backbones', 'poolings', 'losses', 'augmentations'];

const enginePackages = /^(@tensorflow\/|koffi$)/;

/** The unit a file belongs to; src/nn/pooling.ts is in 'nn', src/index.ts is 'index'. */
export function unitOf(file) {
  const [top, second] = file.split('/');
  return (top === 'src' ? second : top).replace(/\.ts$/, '');
}

const rankOf = (unit) => ranks.findIndex((rank) => rank.includes(unit));

/** What is wrong with an import of one of our files, or undefined. */
export function directionFault({ file, target, specifier, toDefault }) {
  const [from, to] = [unitOf(file), unitOf(target)];
  const unknown = [from, to].find((unit) => rankOf(unit) < 0);
  if (unknown) return `'${unknown}' has no rank; give it one in scripts/imports/rules.mjs`;
  if (from === to)
    return plugins.includes(from) && toDefault ? `a plugin may not import a plugin ('${specifier}')` : undefined;
  if (plugins.includes(from) && to !== 'index') return `${from} may import src/index.js only, not '${specifier}'`;
  // The runner knows stages by the registry alone.
  if (from === 'pipeline' && to === 'stages') return `pipeline may not import stages ('${specifier}')`;
  return rankOf(from) > rankOf(to) ? `${from} may not import ${to} ('${specifier}')` : undefined;
}

/** What is wrong with an import of a package, or undefined. */
export function packageFault({ file, specifier }) {
  if (!enginePackages.test(specifier) || unitOf(file) === 'engine') return undefined;
  return `only src/engine may import '${specifier}'`;
}

/** Cycles between units, each as a path that ends where it began. */
export function cyclesBetweenUnits(imports) {
  const edges = new Map();
  for (const { file, target } of imports) {
    if (target === undefined || unitOf(file) === unitOf(target)) continue;
    const from = unitOf(file);
    edges.set(from, (edges.get(from) ?? new Set()).add(unitOf(target)));
  }
  const cycles = [];
  const finished = new Set();
  const visit = (unit, path) => {
    if (path.includes(unit)) cycles.push([...path.slice(path.indexOf(unit)), unit]);
    if (path.includes(unit) || finished.has(unit)) return;
    for (const next of edges.get(unit) ?? []) visit(next, [...path, unit]);
    finished.add(unit);
  };
  for (const unit of edges.keys()) visit(unit, []);
  return cycles;
}
