import { cApi, type Pointer } from './c-api.js';
import type { OpDef } from './op-def.js';

/** Attribute kinds, numbered as TensorFlow.js' native binding numbers them. */
export const ATTR = { STRING: 0, INT: 1, FLOAT: 2, BOOL: 3, TYPE: 4, SHAPE: 5 } as const;

/** One attribute of a node, in the form TensorFlow.js hands to its binding. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

export const stringAttr = (name: string, value: string): Attribute => ({ name, type: ATTR.STRING, value });
export const intAttr = (name: string, value: number | number[]): Attribute => ({ name, type: ATTR.INT, value });
export const floatAttr = (name: string, value: number): Attribute => ({ name, type: ATTR.FLOAT, value });
export const boolAttr = (name: string, value: boolean): Attribute => ({ name, type: ATTR.BOOL, value });
export const typeAttr = (name: string, value: number): Attribute => ({ name, type: ATTR.TYPE, value });
export const shapeAttr = (name: string, value: readonly number[]): Attribute => ({ name, type: ATTR.SHAPE, value });

/** Sets the attributes of an operation under construction, leaving out those TensorFlow infers from the inputs. */
export function setAttributes(description: Pointer, def: OpDef, attributes: readonly Attribute[]): void {
  for (const attribute of attributes) {
    if (!def.inferred.has(attribute.name)) setAttribute(description, attribute);
  }
}

function setAttribute(d: Pointer, { name, type, value }: Attribute): void {
  const c = cApi();
  const numbers = Array.isArray(value) ? (value as number[]) : undefined;
  switch (type) {
    case ATTR.STRING:
      return void c.SetAttrString(d, name, value, Buffer.byteLength(value as string));
    case ATTR.INT:
      return void (numbers ? c.SetAttrIntList(d, name, numbers, numbers.length) : c.SetAttrInt(d, name, value));
    case ATTR.FLOAT:
      return void (numbers ? c.SetAttrFloatList(d, name, numbers, numbers.length) : c.SetAttrFloat(d, name, value));
    case ATTR.BOOL:
      return void c.SetAttrBool(d, name, value ? 1 : 0);
    case ATTR.TYPE:
      return void (numbers ? c.SetAttrTypeList(d, name, numbers, numbers.length) : c.SetAttrType(d, name, value));
    case ATTR.SHAPE:
      return void c.SetAttrShape(d, name, value, (value as number[]).length);
    default:
      throw new Error(`attribute '${name}' has the unknown kind ${type}`);
  }
}

/** Lengths of an op's list inputs, read from its integer (N) and type-list attributes. */
export function listLengths(attributes: readonly Attribute[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { name, type, value } of attributes) {
    if (type === ATTR.INT && typeof value === 'number') lengths.set(name, value);
    if (type === ATTR.TYPE && Array.isArray(value)) lengths.set(name, value.length);
  }
  return lengths;
}

/** Cast's attributes for a target type. */
export const castTo = (dataType: number): Attribute[] => [typeAttr('DstT', dataType), boolAttr('Truncate', false)];
