import { UserError } from '../../errors.js';
import { type ByteReader, byteReader } from './byte-reader.js';
import { mayBeNamed, objectOf, standInFor, storageOf, withState } from './globals.js';
import { Global, Opaque, PickleDict, type PickleValue } from './values.js';

/** A pickle's value, and where the bytes behind it begin. */
export interface ReadPickle {
  value: PickleValue;
  end: number;
}

/**
 * Reads the pickle at `start`, in the part of the language that files of weights are written in. Nothing is imported, looked up or
 * called: functions and classes are names, a call is a stand-in, and a name that no model needs is refused. Memory grows with the
 * bytes read alone.
 *
 * @throws UserError naming `file` and the instruction that is refused, or where the pickle breaks off.
 */
export function readPickle(file: string, bytes: Uint8Array, start = 0): ReadPickle {
  const machine: Machine = {
    stack: [],
    marks: [],
    memo: new Map(),
    read: byteReader(bytes, start, (why) => broken(file, why)),
    fail: (why) => broken(file, why),
    refuse: (what) => refused(file, what),
  };
  for (let count = 0; ; count++) {
    if (count === MOST_INSTRUCTIONS) throw broken(file, `it has more than ${MOST_INSTRUCTIONS} instructions`);
    const at = machine.read.position();
    const code = machine.read.byte();
    if (code === STOP) return { value: pop(machine), end: machine.read.position() };
    const instruction = INSTRUCTIONS[code];
    if (!instruction) throw refused(file, `${nameOf(code)} at byte ${at}`);
    instruction(machine);
  }
}

const broken = (file: string, why: string) =>
  new UserError(`${file} is not a complete pickle of a model: ${why}. Copy or download it again.`);

const refused = (file: string, what: string) =>
  new UserError(
    `${file} holds ${what}, which no file of weights needs: it may be meant to run a program. Nothing was run, and nothing is imported. ` +
      'If you trust where it comes from, load it in PyTorch there and save its state_dict() alone.',
  );

interface Machine {
  stack: PickleValue[];
  marks: number[];
  memo: Map<number, PickleValue>;
  read: ByteReader;
  fail(why: string): UserError;
  refuse(what: string): UserError;
}

const STOP = 0x2e;

/** A checkpoint of a thousand tensors and its optimizer takes a tenth of them; each makes an object at most. */
const MOST_INSTRUCTIONS = 2_000_000;

function pop({ stack, marks, fail }: Machine): PickleValue {
  if (stack.length <= (marks.at(-1) ?? 0)) throw fail('an instruction takes a value that is not there');
  return stack.pop()!;
}

/** The values since the last mark. */
function popMark({ stack, marks, fail }: Machine): PickleValue[] {
  const mark = marks.pop();
  if (mark === undefined) throw fail('a mark is missing');
  return stack.splice(mark);
}

const push = (machine: Machine, value: PickleValue): void => {
  machine.stack.push(value);
};

function tuple(machine: Machine, count: number): void {
  const items = Array.from({ length: count }, () => pop(machine)).reverse();
  push(machine, items);
}

function global(machine: Machine, module: string, name: string): void {
  if (!mayBeNamed(module, name)) throw machine.refuse(`the name ${printable(`${module}.${name}`)}`);
  push(machine, new Global(`${module}.${name}`));
}

function stackGlobal(machine: Machine): void {
  const [name, module] = [pop(machine), pop(machine)];
  if (typeof name !== 'string' || typeof module !== 'string') throw machine.fail('a name is not text');
  global(machine, module, name);
}

/** An object of a class: its arguments are kept nowhere. */
function newObject(machine: Machine, extra: number): void {
  for (let i = 0; i < extra; i++) pop(machine);
  const made = pop(machine);
  if (!(made instanceof Global)) throw machine.fail('an object is made of something that is no class');
  push(machine, objectOf(made.name));
}

function reduce(machine: Machine): void {
  const parts = pop(machine);
  const called = pop(machine);
  if (!Array.isArray(parts)) throw machine.fail('the arguments of a call are no tuple');
  push(machine, standInFor(called, parts));
}

function build(machine: Machine): void {
  const state = pop(machine);
  push(machine, withState(pop(machine), state));
}

function setItems(machine: Machine, items: PickleValue[]): void {
  const target = pop(machine);
  push(machine, target);
  if (items.length % 2 !== 0) throw machine.fail('a key has no value');
  if (target instanceof Opaque) return;
  if (!(target instanceof PickleDict)) throw machine.fail('keys are set in something that is no dictionary');
  for (let i = 0; i < items.length; i += 2) target.entries.set(items[i], items[i + 1]);
}

function append(machine: Machine, items: PickleValue[]): void {
  const target = pop(machine);
  push(machine, target);
  if (target instanceof Opaque) return;
  if (!Array.isArray(target)) throw machine.fail('values are appended to something that is no list');
  for (const item of items) target.push(item);
}

function put(machine: Machine, index: number): void {
  const value = pop(machine);
  push(machine, value);
  machine.memo.set(index, value);
}

function get(machine: Machine, index: number): void {
  const value = machine.memo.get(index);
  if (value === undefined) throw machine.fail(`memo ${index} was never filled`);
  push(machine, value);
}

/** The longest name of a class or function. */
const LONGEST_NAME = 1000;

type Instruction = (machine: Machine) => void;

/** The instructions that are read, by their code. */
const INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  // PROTO
  128: ({ read, fail }) => {
    const protocol = read.byte();
    if (protocol > 5) throw fail(`it is of protocol ${protocol}`);
  },
  // FRAME
  149: ({ read }) => void read.uint64(),
  // GLOBAL, STACK_GLOBAL
  99: (machine) => global(machine, machine.read.line(LONGEST_NAME), machine.read.line(LONGEST_NAME)),
  147: stackGlobal,
  // BINPUT, LONG_BINPUT, MEMOIZE
  113: (machine) => put(machine, machine.read.byte()),
  114: (machine) => put(machine, machine.read.uint32()),
  148: (machine) => put(machine, machine.memo.size),
  // BINGET, LONG_BINGET
  104: (machine) => get(machine, machine.read.byte()),
  106: (machine) => get(machine, machine.read.uint32()),
  // MARK
  40: ({ stack, marks }) => void marks.push(stack.length),
  // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  41: (machine) => push(machine, []),
  116: (machine) => push(machine, popMark(machine)),
  133: (machine) => tuple(machine, 1),
  134: (machine) => tuple(machine, 2),
  135: (machine) => tuple(machine, 3),
  // EMPTY_LIST, APPEND, APPENDS
  93: (machine) => push(machine, []),
  97: (machine) => append(machine, [pop(machine)]),
  101: (machine) => append(machine, popMark(machine)),
  // EMPTY_DICT, SETITEM, SETITEMS
  125: (machine) => push(machine, new PickleDict()),
  115: (machine) => setItems(machine, [pop(machine), pop(machine)].reverse()),
  117: (machine) => setItems(machine, popMark(machine)),
  // BINUNICODE, SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES, BINBYTES
  88: (machine) => push(machine, machine.read.text(machine.read.uint32())),
  140: (machine) => push(machine, machine.read.text(machine.read.byte())),
  85: (machine) => push(machine, machine.read.text(machine.read.byte())),
  67: (machine) => push(machine, machine.read.bytes(machine.read.byte())),
  66: (machine) => push(machine, machine.read.bytes(machine.read.uint32())),
  // BININT, BININT1, BININT2, LONG1
  74: (machine) => push(machine, machine.read.uint32() | 0),
  75: (machine) => push(machine, machine.read.byte()),
  77: (machine) => push(machine, machine.read.byte() + 256 * machine.read.byte()),
  138: (machine) => push(machine, machine.read.long(machine.read.byte())),
  // BINFLOAT, NONE, NEWTRUE, NEWFALSE
  71: (machine) => push(machine, machine.read.float64()),
  78: (machine) => push(machine, null),
  136: (machine) => push(machine, true),
  137: (machine) => push(machine, false),
  // BINPERSID, REDUCE, NEWOBJ, NEWOBJ_EX
  81: (machine) => push(machine, storageOf(pop(machine))),
  82: reduce,
  129: (machine) => newObject(machine, 1),
  146: (machine) => newObject(machine, 2),
  // BUILD
  98: build,
};

/** Names of instructions that a model does not need, for messages. */
const REFUSED: Readonly<Record<number, string>> = {
  105: 'INST (makes an object of a class)',
  111: 'OBJ (makes an object of a class)',
  130: 'EXT1 (takes a function from a registry)',
  131: 'EXT2 (takes a function from a registry)',
  132: 'EXT4 (takes a function from a registry)',
  80: 'PERSID (an object by a name)',
  151: 'NEXT_BUFFER (data outside of the file)',
};

const nameOf = (code: number) => `the instruction ${REFUSED[code] ?? `0x${code.toString(16).padStart(2, '0')}`}`;

/** Text of a file in a message: without control characters, and short. */
const printable = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
