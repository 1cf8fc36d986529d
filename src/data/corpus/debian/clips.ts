import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The recordings of one person in one folder of a package. */
export interface ClipFolder {
  speaker: string;
  /** Speakers of one group may be one person. */
  group: string;
  /** BCP 47, as far as the folder's name tells. */
  language: string;
  /** Paths relative to the root, sorted. */
  files: string[];
}

export const DEBIAN_PACKAGES = [
  'klettres-data',
  'ktuberling-data',
  'asterisk-core-sounds-en-g722',
  'asterisk-core-sounds-es-g722',
  'asterisk-core-sounds-fr-g722',
  'asterisk-core-sounds-it-g722',
  'asterisk-core-sounds-ru-g722',
];

const KLETTRES = 'usr/share/klettres';
const KTUBERLING = 'usr/share/ktuberling/sounds';
const ASTERISK = 'usr/share/asterisk/sounds';
const AUDIO = /\.(ogg|opus|wav|g722)$/;
// Tones and animal noises, in every language of the Asterisk sounds.
const NOT_SPEECH = new Set([
  'ascending-2tone',
  'descending-2tone',
  'beep',
  'beeperr',
  'tt-monkeys',
  'confbridge-join',
  'confbridge-leave',
]);
// Norwegian is tagged no, nb or nn: one volunteer may have recorded under two of these.
const MACRO_LANGUAGES: Record<string, string> = { nb: 'no', nn: 'no' };

/**
 * Lists the recordings of the unpacked packages by person. Merged as known to be one: the Serbian folders of
 * ktuberling (`sr`, `sr@latin`, ...), and the English and Spanish voice of Asterisk (Allison Smith). The voices of one
 * language in klettres and ktuberling form a group, whatever the country.
 * @param root the folder that the packages were unpacked into
 */
export function listClipFolders(root: string): ClipFolder[] {
  return [
    ...volunteers(root, KLETTRES, 'klettres'),
    ...volunteers(root, KTUBERLING, 'ktuberling'),
    ...subfolders(root, ASTERISK).map((name): ClipFolder => {
      // en_US_f_Allison: language, country, sex, person.
      const [language, country, , person = name] = name.split('_');
      const speaker = `asterisk-${person.toLowerCase()}`;
      return { speaker, group: speaker, language: `${language}-${country}`, files: asteriskFiles(root, name) };
    }),
  ].filter(({ files }) => files.length > 0);
}

/** The folders of a KDE package, one a language; `sr@latin` belongs to `sr`. */
function volunteers(root: string, path: string, source: string): ClipFolder[] {
  const folders = new Map<string, ClipFolder>();
  for (const name of subfolders(root, path)) {
    const [tag] = name.split('@');
    const [base] = tag.split('_');
    const group = `kde-${MACRO_LANGUAGES[base] ?? base}`;
    const folder = folders.get(tag) ?? {
      speaker: `${source}-${tag}`,
      group,
      language: tag.replace('_', '-'),
      files: [],
    };
    folder.files.push(...audioFiles(root, join(path, name)));
    folders.set(tag, folder);
  }
  return [...folders.values()];
}

function asteriskFiles(root: string, name: string): string[] {
  const files = audioFiles(root, join(ASTERISK, name));
  const silence = join(ASTERISK, name, 'silence/');
  return files.filter((file) => !file.startsWith(silence) && !NOT_SPEECH.has(basename(file, '.g722')));
}

function subfolders(root: string, path: string): string[] {
  if (!existsSync(join(root, path))) return [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function audioFiles(root: string, path: string): string[] {
  const names = readdirSync(join(root, path), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => AUDIO.test(name))
    .map((name) => join(path, name))
    .sort();
}
