import type { z } from 'zod';

/** The part of a zod definition that tells what lies inside a schema. */
interface Inside {
  shape?: Record<string, z.core.$ZodType>;
  element?: z.core.$ZodType;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  items?: z.core.$ZodType[];
  options?: z.core.$ZodType[];
}

const inside = (schema: z.core.$ZodType): Inside => schema._zod.def as unknown as Inside;

/** The keys that the schema at `path` below `schema` knows; empty where it is no object. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { innerType, in: source, options, shape, element, valueType, items } = inside(schema);
  const wrapped = innerType ?? source;
  if (wrapped) return keysAt(wrapped, path);
  if (options) return [...new Set(options.flatMap((option) => keysAt(option, path)))];
  if (path.length === 0) return Object.keys(shape ?? {});
  const [first, ...rest] = path;
  const next = shape?.[String(first)] ?? items?.[Number(first)] ?? element ?? valueType;
  return next ? keysAt(next, rest) : [];
}
