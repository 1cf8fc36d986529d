import { UserError } from '../../../errors.js';
import { type Rows, rowsFrom } from '../../packed-rows.js';
import { safeNames } from '../safe-names.js';

/** The utterance that a recording is to become. */
export interface PlannedUtterance {
  /** The recording, relative to the root. */
  file: string;
  id: string;
  /** Of the clean form in the corpus. */
  path: string;
  speaker: string | null;
}

/**
 * Names utterances after the paths of their recordings, and speakers after one folder of those paths.
 * @param files relative paths with forward slashes
 * @param speakerPart which folder of the path is the speaker's, from 0; the file's own name is none
 * @throws UserError when some path has no such folder
 */
export function nameUtterances(
  files: Rows<string>,
  speakerPart: number | undefined,
  root: string,
): Rows<PlannedUtterance> {
  const idOf = safeNames(files, (file) => file.replace(/\.[^./]*$/, '').replaceAll('/', '-'));
  const speakerOf = speakerPart === undefined ? () => null : nameSpeakers(files, speakerPart, root);
  return rowsFrom(files.length, function* () {
    for (const file of files) {
      const [id, speaker] = [idOf(file), speakerOf(file)];
      yield { file, id, path: `wav/${speaker ?? 'unknown'}/${id}.wav`, speaker };
    }
  });
}

/**
 * The speaker that each path names, as a safe name.
 * @param speakerPart which folder of the path is the speaker's, from 0; the file's own name is none
 * @throws UserError when some path has no such folder
 */
export function nameSpeakers(files: Rows<string>, speakerPart: number, root: string): (file: string) => string {
  const partOf = (file: string): string | undefined => file.split('/').slice(0, -1)[speakerPart];
  const speakers = new Set<string>();
  let lacking = 0;
  let first: string | undefined;
  for (const file of files) {
    const speaker = partOf(file);
    if (speaker !== undefined) speakers.add(speaker);
    else if (lacking++ === 0) first = file;
  }
  if (lacking > 0) {
    throw new UserError(
      `${lacking} of ${files.length} recordings in ${root} lie in no folder for part ${speakerPart} of the path, ` +
        `which should name the speaker: ${first}. Parts are folders, counted from 0 at the root.`,
    );
  }
  const nameOf = safeNames(speakers);
  return (file) => nameOf(partOf(file)!);
}
