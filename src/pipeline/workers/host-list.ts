import { UserError } from '../../errors.js';

/** Hosts of SLURM's short form, in order: `gpu[01-03,7],login` is gpu01, gpu02, gpu03, gpu7 and login. */
export function expandHosts(text: string): string[] {
  const parts = text.match(/(?:[^,[\]]|\[[^\]]*\])+/g);
  if (!parts) throw new UserError('SLURM_NODELIST is empty: it must name the machines.');
  return parts.flatMap((part) => {
    const match = /^([^[\]]*)(?:\[([^\]]+)\])?([^[\]]*)$/.exec(part.trim());
    if (!match) throw new UserError(`SLURM_NODELIST: '${part}' is not understood. Give --cluster host:port,host:port.`);
    const [, before, numbers, after] = match;
    return numbers === undefined
      ? [before]
      : numbers
          .split(',')
          .flatMap(range)
          .map((number) => before + number + after);
  });
}

/** `08-11` is 08, 09, 10, 11. */
function range(text: string): string[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim());
  if (!match) throw new UserError(`SLURM_NODELIST: '${text}' is not understood. Give --cluster host:port,host:port.`);
  const [, from, to = from] = match;
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) =>
    String(Number(from) + i).padStart(from.length, '0'),
  );
}
