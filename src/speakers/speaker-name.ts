import { UserError } from '../errors.js';

const LONGEST_NAME = 200;

/** A speaker's name in the form that stores hold. @throws UserError when it is empty, too long or not printable */
export function speakerName(text: string): string {
  const name = text.normalize('NFC').trim();
  if (name !== '' && name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name)) return name;
  const shown = JSON.stringify(text.slice(0, LONGEST_NAME));
  throw new UserError(
    `${shown} cannot be the name of a speaker: it must have 1 to ${LONGEST_NAME} printable characters.`,
  );
}
