// The reference of stages and of the other plugins, as Markdown, from what `voxloop plugins --json` prints.
import { typeOf } from '../../dist/src/pipeline/registry/describe-plugins.js';

const titles = {
  ssl: 'Self-supervised methods (`ssl`)',
  backbone: 'Backbones (`backbone`)',
  pooling: 'Poolings (`pooling`)',
  loss: 'Losses on labels (`loss`)',
  distillation: 'Distillation losses (`distillation`)',
  objective: 'Objectives beside the main loss (`objective`)',
  clustering: 'Clusterings (`clustering`)',
  gate: 'Loss gates (`gate`)',
  augmentation: 'Augmentations (`augmentation`)',
};

/** Every stage with its options; groups of options that several stages share stand once, at the end. */
export function stageReference(plugins) {
  const stages = plugins.filter(({ kind }) => kind === 'stage');
  const shared = sharedGroups(stages);
  const sections = stages.map((stage) => section('###', stage, shared));
  const groups = [...shared].map(([name, schema]) => `### \`${name}\`\n\n${table(rowsOf(schema, shared, ''))}`);
  return [
    ...sections,
    '## Groups of options',
    'These stand below the option of the same name, wherever a stage has it.',
    ...groups,
  ].join('\n\n');
}

/** Every other plugin with its options, by kind. */
export function pluginReference(plugins) {
  return Object.entries(titles)
    .map(([kind, title]) => {
      const members = plugins.filter((plugin) => plugin.kind === kind);
      return [`## ${title}`, ...familiesOf(members).map((family) => section('###', family, new Map()))].join('\n\n');
    })
    .join('\n\n');
}

/** Plugins that differ in name and summary only, such as ResNets of several depths, become one entry. */
function familiesOf(plugins) {
  const families = new Map();
  for (const plugin of plugins) {
    const options = JSON.stringify(plugin.options);
    const key = plugin.kind === 'backbone' ? options : `${plugin.name} ${options}`;
    families.set(key, [...(families.get(key) ?? []), plugin]);
  }
  return [...families.values()].map((members) => ({ members, options: members[0].options }));
}

function section(heading, plugin, shared) {
  const members = plugin.members ?? [plugin];
  const title = members.map(({ name }) => `\`${name}\``).join(', ');
  const summaries = members.map(({ name, summary }) => (members.length === 1 ? summary : `- \`${name}\`: ${summary}`));
  const rows = rowsOf(plugin.options, shared, '');
  return [`${heading} ${title}`, summaries.join('\n'), rows.length > 0 ? table(rows) : 'No options.'].join('\n\n');
}

/** Objects that are an option of the same name in two stages or more, by that name. */
function sharedGroups(stages) {
  const found = new Map();
  const visit = (schema, stage) => {
    for (const [name, option] of Object.entries(schema.properties ?? {})) {
      const group = objectOf(option);
      if (!group) continue;
      const key = JSON.stringify([name, group.properties]);
      const entry = found.get(key) ?? { name, group, stages: new Set() };
      found.set(key, { ...entry, stages: entry.stages.add(stage.name) });
      visit(group, stage);
    }
  };
  for (const stage of stages) visit(stage.options, stage);
  const several = [...found.values()].filter(({ stages: users }) => users.size > 1);
  return new Map(several.map(({ name, group }) => [name, group]));
}

/** The object that an option is, may be, or is a list of. */
function objectOf(option) {
  if (option.properties) return option;
  return option.items?.properties ? option.items : option.anyOf?.find(({ properties }) => properties);
}

function rowsOf(schema, shared, prefix) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const group = objectOf(option);
    const row = { name: prefix + name, option, required: schema.required?.includes(name) };
    if (!group) return [row];
    const isShared = JSON.stringify(shared.get(name)?.properties) === JSON.stringify(group.properties);
    if (isShared) return [{ ...row, link: name }];
    return [row, ...rowsOf(group, shared, `${prefix}${name}${option.items ? '[]' : ''}.`)];
  });
}

function table(rows) {
  const lines = rows.map(({ name, option, required, link }) => {
    const standard = option.default === undefined ? (required ? 'required' : '') : shortDefault(option.default);
    const type = link ? `[see below](#${link.toLowerCase()})` : cell(typeInWords(option));
    return `| \`${name}\` | ${type} | ${standard} | ${cell(option.description ?? '')} |`;
  });
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

/** A group's options have defaults of their own, so a long one would only repeat them. */
function shortDefault(value) {
  const text = JSON.stringify(value);
  return text.length > 40 ? '' : codeOf(text);
}

const typeInWords = (option) =>
  typeOf(option)
    .replace(/ >= (\S+) <= (\S+)/g, ' from $1 to $2')
    .replaceAll(',null', ' or null');

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const codeOf = (text) => `\`${text.replaceAll('|', '\\|')}\``;
