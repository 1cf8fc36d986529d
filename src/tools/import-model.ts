import { builtIns } from '../builtins.js';
import { type ImportSummary, importModel as importWith } from '../import/import-model.js';
import type { Format } from '../import/sources/formats.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { modelBuilder } from '../stages/training/resolve-plugins.js';

/**
 * Imports a published model (of WeSpeaker, 3D-Speaker, pyannote.audio, SpeechBrain, Resemblyzer, or a speech encoder of transformers or fairseq) from a file or
 * folder into the model folder `out`. The file is read as data: nothing in it runs.
 * @param head options of the speaker head that an encoder gets, which is drawn and has to be trained: {head: 'mhfa', adapter: 64}
 * @throws UserError that says what cannot be imported, and why
 */
export function importModel(
  source: string,
  out: string,
  format?: Format,
  head?: Record<string, unknown>,
): Promise<ImportSummary> {
  const registry = createRegistry(builtIns);
  return importWith(source, out, { format, head, builder: (info) => modelBuilder(registry, info) });
}
