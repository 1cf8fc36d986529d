import type { Command } from 'commander';
import { addStoreOption } from './options/speaker-options.js';
import { collect, invalid, repeated } from './options/values.js';

interface Renaming {
  from: string;
  to: string;
}

interface SpeakersOptions {
  store: string;
  remove: string[];
  rename: Renaming[];
  json?: boolean;
}

/** `OLD=NEW`; a name may hold the sign, then the old name ends before the first. */
function parseRenaming(text: string): Renaming {
  const [, from, to] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (from === undefined) throw invalid('OLD=NEW, two names');
  return { from, to };
}

/** `voxloop speakers`: lists, names or removes enrolled speakers. */
export function register(program: Command): void {
  const command = program
    .command('speakers')
    .summary('list, name or remove enrolled speakers')
    .description(
      'Lists the speakers of a store in the order of enrolment; with --rename and --remove, names or removes some first.',
    )
    .option('--remove <name>', 'remove a speaker and all their embeddings; may be repeated', collect, [])
    .option(
      '--rename <old=new>',
      'give a speaker another name, such as speaker1=anna; who has that name already gets the recordings, too; may be repeated',
      repeated(parseRenaming),
      [],
    )
    .option('--json', 'print {model, speakers: [{name, utterances: [{file, seconds, soundSeconds}]}]}');
  addStoreOption(command).action(speakers);
}

async function speakers({ store: dir, remove, rename, json }: SpeakersOptions): Promise<void> {
  const [{ readStore }, { removeFromStore, renameSpeaker }, { textTable }] = await Promise.all([
    import('../speakers/store.js'),
    import('../speakers/change-store.js'),
    import('../report/table.js'),
  ]);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  for (const renaming of rename) await renameSpeaker(dir, renaming, { log });
  if (remove.length > 0) await removeFromStore(dir, remove, { log });
  const { info, speakers: enrolled } = readStore(dir);
  if (json) {
    const listed = [...enrolled.values()].map(({ name, utterances }) => ({
      name,
      utterances: utterances.map(({ file, seconds, soundSeconds }) => ({ file, seconds, soundSeconds })),
    }));
    process.stdout.write(`${JSON.stringify({ model: info.model, speakers: listed })}\n`);
    return;
  }
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0).toFixed(1);
  const table = textTable(
    [...enrolled.values()],
    [
      { header: 'speaker', cell: ({ name }) => name, align: 'left' },
      { header: 'recordings', cell: ({ utterances }) => String(utterances.length) },
      { header: 'seconds', cell: ({ utterances }) => total(utterances.map(({ seconds }) => seconds)) },
      { header: 'of sound', cell: ({ utterances }) => total(utterances.map(({ soundSeconds }) => soundSeconds)) },
    ],
  );
  process.stdout.write(
    `${table}\n${enrolled.size} speaker${enrolled.size === 1 ? '' : 's'}, model '${info.model.name}'\n`,
  );
}
