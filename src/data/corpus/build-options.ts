/** Options of every corpus builder. */
export interface BuildOptions {
  /** Called with a line of text as the work proceeds. */
  log?: (line: string) => void;
  signal?: AbortSignal;
}
