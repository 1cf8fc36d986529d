import { spaceOf } from '../../embed/weights-identity.js';
import type { ModelIdentity } from '../../eval/model-identity.js';
import type { Registry } from '../../plugin/plugin.js';
import type { OpenTeacher } from './networks.js';
import type { DistillOptions, LevelOptions } from './options.js';

/**
 * The space of the teacher's embeddings, where the student learns to give these themselves: one teacher, a level that compares both
 * embeddings number by number, and no projection between them. Undefined where the student's space is its own.
 */
export async function sharedSpace(
  registry: Registry,
  { levels, target }: DistillOptions,
  [teacher, ...others]: readonly OpenTeacher[],
  embeddingSize: number,
): Promise<ModelIdentity | undefined> {
  // Drawn towards another domain, it has left the teacher's.
  if (target !== undefined) return undefined;
  if (others.length > 0 || teacher?.model.info.embeddingSize !== embeddingSize) return undefined;
  for (const level of levels) {
    if (!comparesEmbeddings(level)) continue;
    const { compares } = await registry.load('distillation', level.loss.name);
    if (compares === 'vectors') return spaceOf(teacher.model);
  }
  return undefined;
}

const comparesEmbeddings = ({ student = 'embedding', teacher = 'embedding', projection }: LevelOptions): boolean =>
  student === 'embedding' && [teacher].flat().join() === 'embedding' && projection !== 'always';
