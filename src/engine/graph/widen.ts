import { DT, isFloat } from './data-types.js';
import { groupInputs, type OpDef } from './op-def.js';

/**
 * Where float32 meets a narrower float in one op, the narrower is widened, as NumPy would. Marks those of an op's flat inputs, of
 * these data types, that must be cast to float32; `lengths` are those of list inputs.
 */
export function inputsToWiden(def: OpDef, dataTypes: readonly number[], lengths: Map<string, number>): boolean[] {
  if (new Set(dataTypes.filter(isFloat)).size < 2) return dataTypes.map(() => false);
  const groups = groupInputs(def, [...dataTypes], lengths).map((group) => [group].flat());
  // Inputs that share a type attribute must be of one type.
  const typesOf = new Map<string, Set<number>>();
  groups.forEach((group, i) => {
    const attribute = def.inputs[i].typeAttr;
    if (attribute) typesOf.set(attribute, new Set([...(typesOf.get(attribute) ?? []), ...group]));
  });
  return groups.flatMap((group, i) => {
    const mixed = (typesOf.get(def.inputs[i].typeAttr)?.size ?? 0) > 1;
    return group.map((dataType) => mixed && dataType !== DT.FLOAT);
  });
}
