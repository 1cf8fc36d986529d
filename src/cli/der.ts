import type { Command } from 'commander';
import type { DiarizationError } from '../diarize/der.js';

interface DerCommandOptions {
  collar: string;
  skipOverlap?: boolean;
  json?: boolean;
}

/** `voxloop der`: diarization error rate. */
export function register(program: Command): void {
  program
    .command('der')
    .summary('diarization error rate of RTTM files')
    .description(
      "Diarization error by the rules of NIST's md-eval: missed speech, false alarms and confusion, as shares of the reference's speech, for " +
        'each recording and all together. Speakers are mapped one to one as is best for each recording.',
    )
    .argument('<reference>', 'RTTM file of who really speaks when; its recordings are scored')
    .argument('<hypothesis>', 'RTTM file to score')
    .option('--collar <seconds>', 'left out on each side of every boundary of the reference', '0.25')
    .option('--skip-overlap', 'leave out where the reference has several speakers at once')
    .option('--json', 'print {all, recordings}, times in seconds; der is null where the reference has no speech')
    .action(der);
}

async function der(referenceFile: string, hypothesisFile: string, options: DerCommandOptions): Promise<void> {
  const [{ readRttm }, { addErrors, diarizationError, errorRate }, { UserError }] = await Promise.all([
    import('../diarize/rttm.js'),
    import('../diarize/der.js'),
    import('../errors.js'),
  ]);
  const collarSeconds = options.collar.trim() === '' ? Number.NaN : Number(options.collar);
  if (!(collarSeconds >= 0 && collarSeconds < Number.POSITIVE_INFINITY))
    throw new UserError(`--collar must be a number of seconds of at least 0, not '${options.collar}'.`);
  const [references, hypotheses] = [readRttm(referenceFile), readRttm(hypothesisFile)];
  if (references.size === 0) throw new UserError(`${referenceFile} holds no SPEAKER line: there is nothing to score.`);
  const unknown = [...hypotheses.keys()].filter((name) => !references.has(name));
  if (unknown.length > 0)
    process.stderr.write(`not scored, for ${referenceFile} does not name them: ${unknown.join(', ')}\n`);
  const scored = [...references].map(([recording, reference]) => {
    const rules = { collarSeconds, skipOverlap: options.skipOverlap ?? false };
    return { recording, ...diarizationError(reference, hypotheses.get(recording) ?? [], rules) };
  });
  const all = addErrors(scored);
  if (all.speech === 0)
    throw new UserError(`Nothing of ${referenceFile} is left to score: its speech is empty, or within the collars.`);
  const withRate = <T extends DiarizationError>(one: T) => ({ ...one, der: one.speech > 0 ? errorRate(one) : null });
  const summary = { all: withRate(all), recordings: scored.map(withRate) };
  const text = options.json ? JSON.stringify(summary) : await toText([...scored, { recording: 'all', ...all }]);
  process.stdout.write(`${text}\n`);
}

async function toText(rows: (DiarizationError & { recording: string })[]): Promise<string> {
  const [{ textTable }, { errorRate }] = await Promise.all([import('../report/table.js'), import('../diarize/der.js')]);
  const share = (of: (one: DiarizationError) => number) => (one: DiarizationError) =>
    one.speech > 0 ? `${(100 * of(one)).toFixed(2)} %` : '–';
  return textTable(rows, [
    { header: 'recording', cell: ({ recording }) => recording, align: 'left' },
    { header: 'DER', cell: share(errorRate) },
    { header: 'missed', cell: share(({ missed, speech }) => missed / speech) },
    { header: 'false alarm', cell: share(({ falseAlarm, speech }) => falseAlarm / speech) },
    { header: 'confusion', cell: share(({ confusion, speech }) => confusion / speech) },
    { header: 'speech', cell: ({ speech }) => `${speech.toFixed(2)} s` },
  ]);
}
