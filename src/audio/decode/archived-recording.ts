import { UserError } from '../../errors.js';
import type { ArchivePlace } from '../../io/archive-place.js';
import { type OpenFile, withFile } from '../../io/read-file.js';
import { textAt } from './file-start.js';

/** More than all headers that are looked at here. */
const START_BYTES = 32;
const RIFF_BYTES = 8;
/** RF64 states its length behind the header of the chunk `ds64`. */
const RF64_LENGTH_AT = 20;

/**
 * The bytes of a recording in a Kaldi archive: a WAV file (what `wav-copy` writes), or kaldiio's block `AUDIO`, which states the length of a
 * recording of any format. FLAC and Ogg without a block are taken to reach to the archive's end.
 * @throws UserError where the archive is missing, no recording begins at the offset, or it goes past the archive's end
 */
export function readArchivedRecording({ archive, offset }: ArchivePlace): Uint8Array {
  return withFile(archive, (file) => {
    const fault = (what: string) =>
      new UserError(`${archive}: ${what} at the offset ${offset}. Write the archive and its wav.scp again (wav-copy).`);
    if (offset + RIFF_BYTES > file.bytes) throw fault(`the archive has ${file.bytes} bytes, and no recording`);
    const place = placeIn(file, offset);
    if (!place) throw fault('no recording begins');
    if (place.from + place.bytes > file.bytes)
      throw fault(
        `the archive is cut short, or its recording does not know its length: ${place.bytes} bytes are named`,
      );
    return new Uint8Array(file.read(place.from, place.bytes));
  });
}

/** Where the recording's own file begins, and how long it is; null where there is none. */
function placeIn(file: OpenFile, offset: number): { from: number; bytes: number } | null {
  const start = Buffer.from(file.read(offset, Math.min(START_BYTES, file.bytes - offset)));
  const riff = textAt(start, 0, 4);
  if (riff === 'RIFF') return { from: offset, bytes: RIFF_BYTES + start.readUInt32LE(4) };
  if (riff === 'RIFX') return { from: offset, bytes: RIFF_BYTES + start.readUInt32BE(4) };
  if ((riff === 'RF64' || riff === 'BW64') && start.length >= RF64_LENGTH_AT + 8)
    return { from: offset, bytes: RIFF_BYTES + Number(start.readBigUInt64LE(RF64_LENGTH_AT)) };
  if (textAt(start, 0, 5) === 'AUDIO') return blockIn(start, offset);
  // What has no magic number of its own, as MP3, is found too easily in bytes that are something else.
  return riff === 'fLaC' || riff === 'OggS' ? { from: offset, bytes: file.bytes - offset } : null;
}

/** kaldiio writes the number of bytes of the length, then the length, little-endian. */
function blockIn(start: Buffer, offset: number): { from: number; bytes: number } | null {
  const at = 'AUDIO'.length;
  const width = start[at];
  if (!(width >= 1 && width <= 6) || start.length < at + 1 + width) return null;
  return { from: offset + at + 1 + width, bytes: start.readUIntLE(at + 1, width) };
}
