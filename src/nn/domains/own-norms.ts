import type { Variable } from '../../engine/variable.js';
import type { Scope } from '../scope.js';

/**
 * A second scope for the network that was built at `scope`: it finds every variable there, but for those of batch normalisations (scale,
 * offset and running statistics), which are created at `own`. A network built in it is the same one with statistics of another domain (Chang
 * et al., "Domain-Specific Batch Normalization for Unsupervised Domain Adaptation", CVPR 2019, arXiv:1906.03950).
 */
export function withOwnNorms(scope: Scope, own: Scope): Scope {
  const known = new Map([...scope.params(), ...scope.buffers()].map((variable) => [variable.name, variable]));
  const norms = normPaths(scope);
  const at = (path: string, place: Scope): Scope => {
    const find = (name: string, create: () => Variable): Variable => {
      if (norms.has(path)) return create();
      const variable = known.get(`${path}/${name}`);
      if (!variable) throw new Error(`the network at ${scope.path} has no '${path}/${name}' to share`);
      return variable;
    };
    return {
      path: place.path,
      child: (name) => at(`${path}/${name}`, place.child(name)),
      param: (name, shape, initial) => find(name, () => place.param(name, shape, initial)),
      buffer: (name, shape, initial, dtype) => find(name, () => place.buffer(name, shape, initial, dtype)),
      params: () => place.params(),
      buffers: () => place.buffers(),
    };
  };
  return at(scope.path, own);
}

/** The paths of a network's batch normalisations: they alone keep a running mean and a running variance. */
function normPaths(scope: Scope): Set<string> {
  const buffers = new Set(scope.buffers().map(({ name }) => name));
  const paths = [...buffers].filter((name) => name.endsWith('/mean')).map((name) => name.slice(0, -'/mean'.length));
  return new Set(paths.filter((path) => buffers.has(`${path}/variance`)));
}
