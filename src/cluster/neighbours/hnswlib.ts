/** The part of hnswlib-node that voxloop uses. The package is optional, so its own types may be missing. */
export interface Hnswlib {
  HierarchicalNSW: new (space: 'ip', size: number) => HnswIndex;
}

export interface HnswIndex {
  initIndex(rows: number, links: number, efConstruction: number, seed: number): void;
  addPoint(point: number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(point: number[], count: number): { distances: number[]; neighbors: number[] };
  getCurrentCount(): number;
  writeIndexSync(path: string): void;
  readIndexSync(path: string): void;
}

/** Loads hnswlib-node; `failure` is the reason in one line where it is not installed, or was not compiled. */
export async function loadHnswlib(name = 'hnswlib-node'): Promise<Hnswlib | { failure: string }> {
  try {
    const loaded: { default: Hnswlib } = await import(name);
    return loaded.default;
  } catch (error) {
    return { failure: String(error instanceof Error ? error.message : error).split('\n')[0] };
  }
}
