/** Weights between nodes, symmetric, 0 on the diagonal. */
export type Matrix = number[][];

const entropy = (shares: number[]): number => {
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.reduce((sum, share) => (share > 0 ? sum - (share / total) * Math.log2(share / total) : sum), 0);
};

/** Equations 1 to 3 of Rosvall and Bergstrom 2008, as entropies of the code books: q H(Q) + sum p_i H(P_i). */
export function naiveMapEquation(weights: Matrix, modules: ArrayLike<number>): number {
  const total = weights.flat().reduce((a, b) => a + b, 0);
  const visits = weights.map((row) => row.reduce((a, b) => a + b, 0) / total);
  const names = [...new Set(Array.from(modules))];
  const exits = names.map((name) => {
    let exit = 0;
    weights.forEach((row, a) => {
      row.forEach((weight, b) => {
        if (modules[a] === name && modules[b] !== name) exit += weight / total;
      });
    });
    return exit;
  });
  const between = exits.reduce((a, b) => a + b, 0) * entropy(exits);
  return names.reduce((sum, name, i) => {
    const book = [exits[i], ...visits.filter((_, node) => modules[node] === name)];
    return sum + book.reduce((a, b) => a + b, 0) * entropy(book);
  }, between);
}

/** Every way to put `nodes` nodes into modules. */
export function* partitions(nodes: number): Iterable<number[]> {
  if (nodes === 0) {
    yield [];
    return;
  }
  for (const rest of partitions(nodes - 1)) {
    const next = rest.length === 0 ? 0 : Math.max(...rest) + 1;
    for (let module = 0; module <= next; module++) yield [...rest, module];
  }
}
