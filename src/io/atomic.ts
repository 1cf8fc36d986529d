import { createOutput } from './output-file.js';

/**
 * Writes a file whole or not at all: a temporary file beside it, fsync, rename. Makes missing folders. What a link leads to is written,
 * and a pipe or device is written into.
 * @throws UserError for an input of the command, and where the file cannot be written
 */
export function writeFileAtomic(path: string, ...chunks: (string | Uint8Array)[]): void {
  const file = createOutput(path);
  try {
    let position = 0;
    for (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      file.write(bytes, position);
      position += bytes.length;
    }
    file.finish();
  } finally {
    file.discard();
  }
}
