import { UserError } from '../../errors.js';
import type { ArchivePlace } from '../../io/archive-place.js';
import { withFile } from '../../io/read-file.js';
import { textAt } from './file-start.js';

const RIFF_BYTES = 8;

/**
 * The bytes of a WAV file in a Kaldi archive (what `wav-copy` writes), of which nothing else is read.
 * @throws UserError where the archive is missing, no WAV file begins at the offset, or it goes past the archive's end
 */
export function readArchivedWav({ archive, offset }: ArchivePlace): Uint8Array {
  return withFile(archive, (file) => {
    const fault = (what: string) =>
      new UserError(`${archive}: ${what} at the offset ${offset}. Write the archive and its wav.scp again (wav-copy).`);
    if (offset + RIFF_BYTES > file.bytes) throw fault(`the archive has ${file.bytes} bytes, and no recording`);
    const start = new Uint8Array(file.read(offset, RIFF_BYTES));
    if (textAt(start, 0, 4) !== 'RIFF') throw fault('no WAV file begins');
    const bytes = RIFF_BYTES + new DataView(start.buffer).getUint32(4, true);
    if (offset + bytes > file.bytes)
      throw fault(`the archive is cut short, or its WAV file does not know its length: ${bytes} bytes are named`);
    return new Uint8Array(file.read(offset, bytes));
  });
}
