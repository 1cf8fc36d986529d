// A unit is a folder, or a file with a rank of its own. A unit may import units of its own rank and of later ones.
export const ranks = [
  ['cli'],
  ['tools'],
  ['follow'],
  ['builtins'],
  ['pipeline'],
  ['stages', 'ssl', 'clustering', 'backbones', 'poolings', 'losses', 'objectives', 'augmentations'],
  ['index'],
  ['page'],
  ['speakers', 'diarize', 'target-voice', 'import', 'inspect'],
  ['plugin'],
  ['train', 'embed', 'eval', 'data', 'report', 'cluster', 'classical', 'onnx'],
  ['nn', 'optim', 'audio'],
  ['engine'],
  ['io'],
  ['errors', 'idle-options', 'random', 'rows', 'float-types', 'host-tensor', 'sample-rate', 'most-threads'],
];

// These are written against the public surface alone, as a user's plugin is.
const plugins = ['ssl', 'clustering', 'backbones', 'poolings', 'losses', 'objectives', 'augmentations'];

const enginePackages = /^(@tensorflow\/|#tensorflow$|koffi$)/;

/** The unit a file belongs to; src/nn/pooling.ts is in 'nn', src/index.ts is 'index'. */
export function unitOf(file) {
  const [top, second] = file.split('/');
  return (top === 'src' ? second : top).replace(/\.ts$/, '');
}

const rankOf = (unit) => ranks.findIndex((rank) => rank.includes(unit));

/** `file:line: fault` of every import that points the wrong way; `withDefault` are the files with a default export, the plugins. */
export function directionFaults(imports, withDefault) {
  return imports.flatMap((item) => {
    const fault = item.target === undefined ? packageFault(item) : directionFault(item, withDefault);
    return fault ? [`${item.file}:${item.line}: ${fault}`] : [];
  });
}

function directionFault({ file, target, specifier, takesDefault }, withDefault) {
  const [from, to] = [unitOf(file), unitOf(target)];
  const unknown = [from, to].find((unit) => rankOf(unit) < 0);
  if (unknown) return `'${unknown}' has no rank; give it one in scripts/structure/directions.mjs`;
  if (from === to) {
    const takesPlugin = plugins.includes(from) && takesDefault && withDefault.has(target);
    return takesPlugin ? `a plugin may not import another plugin's default export ('${specifier}')` : undefined;
  }
  if (plugins.includes(from) && to !== 'index') return `${from} may import src/index.js only, not '${specifier}'`;
  // The runner knows stages by the registry alone.
  if (from === 'pipeline' && to === 'stages') return `pipeline may not import stages ('${specifier}')`;
  return rankOf(from) > rankOf(to) ? `${from} may not import ${to} ('${specifier}')` : undefined;
}

function packageFault({ file, specifier }) {
  if (!enginePackages.test(specifier) || unitOf(file) === 'engine') return undefined;
  return `only src/engine may import '${specifier}'`;
}
