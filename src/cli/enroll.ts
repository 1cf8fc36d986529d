import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { EnrollReport, EnrollRequest } from '../speakers/enroll.js';
import { addSpeakerOptions, type SpeakerOptions } from './options/speaker-options.js';

interface EnrollCommandOptions extends SpeakerOptions {
  list?: string;
  root: string;
  replace?: boolean;
  skipBad?: boolean;
  json?: boolean;
}

/** `voxloop enroll`: stores speakers for verify and identify. */
export function register(program: Command): void {
  const command = program
    .command('enroll')
    .summary('enrol speakers in a store')
    .description(
      'Stores embeddings of the recordings of a speaker, for voxloop verify and identify. Recordings of a known speaker are added; ' +
        'a recording that is already enrolled is not stored twice. Several processes may enrol at once. A speaker with a recording ' +
        'that cannot be used is refused, and the exit code is 2. voxloop speakers lists and removes speakers.',
    )
    .argument('[name]', 'name of the speaker')
    .argument('[files...]', 'recordings of the speaker, or folders of them; three or more of at least 5 s work well')
    .option('--list <file>', 'enrol many speakers: a line `name TAB path` or `name path` for each recording')
    .option('--root <dir>', "folder that the list's paths are relative to", '.')
    .option('--replace', 'replace the earlier recordings of the speakers')
    .option('--skip-bad', 'enrol a speaker with the recordings that can be used, if any')
    .option('--json', 'print {enrolled, refused, skipped, repeated, warnings}');
  addSpeakerOptions(command).action(enroll);
}

async function enroll(name: string | undefined, files: string[], options: EnrollCommandOptions): Promise<void> {
  const requests = await requestsOf(name, files, options);
  const [{ withModel }, { speakerModel }, { enrollSpeakers }, { withEmbedProgress }] = await Promise.all([
    import('./options/with-model.js'),
    import('../speakers/speaker-model.js'),
    import('../speakers/enroll.js'),
    import('./options/embed-progress.js'),
  ]);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const total = requests.reduce((sum, request) => sum + request.files.length, 0);
  const { replace, skipBad } = options;
  const report = await withModel(options.model, options, (extractor, model) =>
    withEmbedProgress(total, (progress) =>
      enrollSpeakers(options.store, speakerModel(model, extractor), requests, { replace, skipBad, progress, log }),
    ),
  );
  tell(report, log);
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else for (const line of enrolledLines(report)) process.stdout.write(`${line}\n`);
  if (report.refused.length > 0) process.exitCode = 2;
}

async function requestsOf(
  name: string | undefined,
  files: string[],
  { list, root, skipBad }: EnrollCommandOptions,
): Promise<EnrollRequest[]> {
  if (list === undefined) {
    if (name === undefined) throw new UserError('There is no one to enrol. Give a name and recordings, or --list.');
    return [{ speaker: name, files: await filesOf(files, skipBad) }];
  }
  if (name !== undefined) throw new UserError('Give either a name with files or --list, not both.');
  const [{ readPairs }, { isAbsolute, join }] = await Promise.all([
    import('../data/recording-list.js'),
    import('node:path'),
  ]);
  const requests: EnrollRequest[] = [];
  for (const { first, second, line } of readPairs(list)) {
    if (first === null) throw new UserError(`${list}:${line}: expected "NAME PATH", got ${JSON.stringify(second)}.`);
    requests.push({ speaker: first, files: [isAbsolute(second) ? second : join(root, second)] });
  }
  if (requests.length === 0) throw new UserError(`${list} lists nobody. Write a line "NAME PATH" for each recording.`);
  return requests;
}

/** The files, and those below the folders. @throws UserError for a link or a locked folder below them, unless it may be skipped */
async function filesOf(paths: readonly string[], skipBad?: boolean): Promise<string[]> {
  const [{ filesBelow }, { reportSkipped }] = await Promise.all([
    import('./options/recordings.js'),
    import('./options/embed-progress.js'),
  ]);
  const { recordings, skipped } = filesBelow(paths);
  if (skipped.length > 0 && !skipBad)
    throw new UserError(`${skipped.map(({ reason }) => reason).join('. ')}. Leave it out, or use --skip-bad.`);
  reportSkipped(skipped);
  return recordings.map(({ path }) => path);
}

function tell({ refused, skipped, repeated, warnings }: EnrollReport, log: (line: string) => void): void {
  for (const warning of warnings) log(`warning: ${warning}`);
  for (const { reason } of skipped) log(`skipped: ${reason}`);
  for (const { file, speaker } of repeated) log(`already enrolled for '${speaker}': ${file}`);
  for (const { speaker, usable } of refused) {
    const advice =
      usable > 0
        ? `Repair or leave out the files above, or use --skip-bad to store the other ${usable}.`
        : 'None of the recordings can be used.';
    log(`refused: nothing was stored for '${speaker}'. ${advice}`);
  }
}

const enrolledLines = ({ enrolled }: EnrollReport) =>
  enrolled.map(
    ({ speaker, utterances, seconds, soundSeconds }) =>
      `${speaker}: ${utterances} recording${utterances === 1 ? '' : 's'} stored, ${seconds.toFixed(1)} s, ` +
      `${soundSeconds.toFixed(1)} s of it sound`,
  );
