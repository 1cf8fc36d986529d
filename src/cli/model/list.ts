import type { Command } from 'commander';

/** `voxloop model list`: the published models that are known by name. */
export function registerList(model: Command): void {
  model
    .command('list')
    .summary('list published models that can be fetched')
    .description('Lists the published models that `voxloop model get` fetches, with languages, licence and place.')
    .option('--json', 'print [{name, summary, languages, licence, bytes, from, format}]')
    .action(list);
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const [{ catalogue }, { textTable }] = await Promise.all([
    import('../../import/published/catalogue.js'),
    import('../../report/table.js'),
  ]);
  if (json) return void process.stdout.write(`${JSON.stringify(catalogue)}\n`);
  const table = textTable(catalogue, [
    { header: 'name', cell: ({ name }) => name, align: 'left' },
    { header: 'model', cell: ({ summary }) => summary, align: 'left' },
    { header: 'languages', cell: ({ languages }) => languages, align: 'left' },
    { header: 'licence', cell: ({ licence }) => licence, align: 'left' },
    { header: 'MB', cell: ({ bytes }) => (bytes === undefined ? '' : (bytes / 1e6).toFixed(1)) },
    {
      header: 'from',
      cell: ({ from }) =>
        from.host === 'package' ? `Python package ${from.project}` : `${from.host}: ${from.repository}`,
      align: 'left',
    },
  ]);
  process.stdout.write(`${table}\n`);
}
