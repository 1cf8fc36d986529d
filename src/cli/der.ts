import type { Command } from 'commander';
import type { DiarizationError } from '../diarize/der.js';
import { decimal } from './options/values.js';

interface DerCommandOptions {
  collar: number;
  skipOverlap?: boolean;
  json?: boolean;
}

/** `voxloop der`: the diarization error rate of RTTM files. */
export function register(program: Command): void {
  program
    .command('der')
    .summary('diarization error rate of RTTM files')
    .description(
      "Diarization error by the rules of NIST's md-eval: missed speech, false alarms and confusion as shares of the reference's " +
        'speech, for each recording and for all together. Speakers are mapped one to one, optimally for each recording.',
    )
    .argument('<reference>', 'RTTM file of the true segments; its recordings are scored')
    .argument('<hypothesis>', 'RTTM file to score')
    .option(
      '--collar <seconds>',
      'time left out on each side of every boundary of the reference',
      decimal('a number of seconds of at least 0', (value) => value >= 0),
      0.25,
    )
    .option('--skip-overlap', 'leave out speech in which the reference has several speakers at once')
    .option('--json', 'print {all, recordings}, times in seconds; der is null where the reference has no speech')
    .action(der);
}

async function der(referenceFile: string, hypothesisFile: string, options: DerCommandOptions): Promise<void> {
  const [{ readRttm }, { addErrors, diarizationError, errorRate }, { UserError }] = await Promise.all([
    import('../diarize/rttm.js'),
    import('../diarize/der.js'),
    import('../errors.js'),
  ]);
  const [references, hypotheses] = [readRttm(referenceFile), readRttm(hypothesisFile)];
  if (references.size === 0) throw new UserError(`${referenceFile} holds no SPEAKER line: there is nothing to score.`);
  const unknown = [...hypotheses.keys()].filter((name) => !references.has(name));
  if (unknown.length > 0)
    process.stderr.write(`not scored, because ${referenceFile} does not name them: ${unknown.join(', ')}\n`);
  const scored = [...references].map(([recording, reference]) => {
    const rules = { collarSeconds: options.collar, skipOverlap: options.skipOverlap ?? false };
    return { recording, ...diarizationError(reference, hypotheses.get(recording) ?? [], rules) };
  });
  const all = addErrors(scored);
  if (all.speech === 0)
    throw new UserError(`Nothing of ${referenceFile} is left to score: it has no speech outside the collars.`);
  const withRate = <T extends DiarizationError>(error: T) => ({
    ...error,
    der: error.speech > 0 ? errorRate(error) : null,
  });
  const summary = { all: withRate(all), recordings: scored.map(withRate) };
  const text = options.json ? JSON.stringify(summary) : await toText([...scored, { recording: 'all', ...all }]);
  process.stdout.write(`${text}\n`);
}

async function toText(rows: (DiarizationError & { recording: string })[]): Promise<string> {
  const [{ textTable }, { errorRate }] = await Promise.all([import('../report/table.js'), import('../diarize/der.js')]);
  const share = (of: (error: DiarizationError) => number) => (error: DiarizationError) =>
    error.speech > 0 ? `${(100 * of(error)).toFixed(2)} %` : '–';
  return textTable(rows, [
    { header: 'recording', cell: ({ recording }) => recording, align: 'left' },
    { header: 'DER', cell: share(errorRate) },
    { header: 'missed', cell: share(({ missed, speech }) => missed / speech) },
    { header: 'false alarm', cell: share(({ falseAlarm, speech }) => falseAlarm / speech) },
    { header: 'confusion', cell: share(({ confusion, speech }) => confusion / speech) },
    { header: 'speech', cell: ({ speech }) => `${speech.toFixed(2)} s` },
  ]);
}
