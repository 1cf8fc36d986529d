import { UserError } from '../../errors.js';

export const COLUMN_NAMES = ['score', 'label', 'enrol', 'test', 'skip'] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** The columns of a file of scores, in their order. */
export type ScoreColumns = readonly ColumnName[];

/**
 * The orders that are recognised by their first line. Where scores are whole numbers 0 or 1, several may fit; the first is taken.
 * WeSpeaker writes the third; the last is a VoxCeleb list with scores appended.
 */
const KNOWN: readonly ScoreColumns[] = [
  ['score', 'label'],
  ['enrol', 'test', 'label', 'score'],
  ['enrol', 'test', 'score', 'label'],
  ['score', 'label', 'enrol', 'test'],
  ['label', 'enrol', 'test', 'score'],
];

const LABEL = /^(?:1|0|target|nontarget)$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** Programs write these for undefined scores; such a line is then reported as broken. */
const NOT_FINITE = /^[+-]?(?:inf(?:inity)?|nan)$/i;

/** The known order that this line fits, if any. */
export function recogniseColumns(line: string): ScoreColumns | undefined {
  const fields = line.split(/[ \t\r]+/).filter((field) => field !== '');
  return KNOWN.find(
    (columns) => columns.length === fields.length && columns.every((name, i) => couldBe(name, fields[i])),
  );
}

function couldBe(name: ColumnName, field: string): boolean {
  if (name === 'label') return LABEL.test(field);
  return name !== 'score' || NUMBER.test(field) || NOT_FINITE.test(field);
}

/** Reads a list such as `enrol,test,score,label`. @throws UserError for unknown names, or without one score and one label */
export function parseColumns(text: string): ScoreColumns {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const known = names.every((name): name is ColumnName => COLUMN_NAMES.some((column) => column === name));
  // The parser holds up to sixteen fields.
  const few = names.length < 16;
  const times = (name: ColumnName) => names.filter((other) => other === name).length;
  if (!known || !few || times('score') !== 1 || times('label') !== 1 || times('enrol') > 1 || times('test') > 1) {
    throw new UserError(
      `The columns "${text}" are not a list of ${COLUMN_NAMES.join(', ')} with one score and one label. ` +
        'Name every column in its order, e.g. enrol,test,score,label.',
    );
  }
  return names as ColumnName[];
}

/** A line of these columns in words, for messages: "ENROL TEST 1|0 SCORE". */
export function describeColumns(columns: ScoreColumns): string {
  return columns.map((name) => (name === 'label' ? 'target|nontarget|1|0' : name.toUpperCase())).join(' ');
}

/** Common forms of a line of scores, for messages. */
export const KNOWN_COLUMNS = `"${describeColumns(KNOWN[0])}" or "${describeColumns(KNOWN[1])}"`;
