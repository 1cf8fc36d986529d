/**
 * Groups of nodes that reach each other along these edges ([from, to] pairs), each sorted; groups of one are left out. Tarjan's
 * strongly connected components (1972).
 */
export function circlesOf(edges) {
  const next = groupByFirst(edges);
  const state = { order: new Map(), low: new Map(), stack: [], circles: [] };
  for (const node of [...next.keys()].sort()) if (!state.order.has(node)) visit(node, next, state);
  return state.circles;
}

function groupByFirst(edges) {
  const groups = new Map();
  for (const [from, to] of edges) {
    if (!groups.has(from)) groups.set(from, []);
    groups.get(from).push(to);
  }
  return groups;
}

function visit(node, next, state) {
  const { order, low, stack, circles } = state;
  order.set(node, order.size);
  low.set(node, order.get(node));
  stack.push(node);
  for (const to of next.get(node) ?? []) {
    if (!order.has(to)) visit(to, next, state);
    if (stack.includes(to)) low.set(node, Math.min(low.get(node), low.get(to)));
  }
  if (low.get(node) !== order.get(node)) return;
  const circle = stack.splice(stack.indexOf(node));
  if (circle.length > 1) circles.push(circle.sort());
}

/**
 * Circles between files: `values`, whose modules need each other to load, and `types`, the further ones that the compiler erases. An
 * import() is no part of either: it happens after loading.
 */
export function circlesBetweenFiles(imports) {
  const loaded = imports.filter(({ target, kind }) => target !== undefined && kind !== 'lazy');
  const edges = (kinds) => loaded.filter(({ kind }) => kinds.includes(kind)).map(({ file, target }) => [file, target]);
  const values = circlesOf(edges(['value']));
  const known = new Set(values.map(String));
  return { values, types: circlesOf(edges(['value', 'type'])).filter((circle) => !known.has(String(circle))) };
}

/** Circles between folders that lie side by side, at every depth; the plugins' folders at the top lie beside those of src. */
export function circlesBetweenFolders(imports) {
  const edges = new Map();
  for (const { file, target } of imports) {
    const pair = target === undefined ? undefined : siblings(file, target);
    if (pair) edges.set(String(pair), pair);
  }
  return circlesOf([...edges.values()]);
}

// Both paths up to where they part. A file that lies loose in a folder shared by both is no side of its own, but for those of src.
function siblings(file, target) {
  const [from, to] = [file.split('/'), target.split('/')];
  const parting = from.findIndex((part, depth) => part !== to[depth]);
  if (parting <= 1) {
    const pair = [from, to].map(([top, second]) => (top === 'src' ? `src/${second}` : top));
    return pair[0] === pair[1] ? undefined : pair;
  }
  const isLoose = parting === from.length - 1 || parting === to.length - 1;
  return isLoose ? undefined : [from, to].map((parts) => parts.slice(0, parting + 1).join('/'));
}
