import type { DebianPackage } from './packages.js';

/** LICENSES.md of the debian corpus: for each package its version, where it comes from and its copyright file in full. */
export function debianLicenses(packages: readonly DebianPackage[], copyrightOf: (name: string) => string): string {
  const rows = packages.map(
    ({ name, version }) => `| ${name} | ${version} | https://packages.debian.org/source/${sourceOf(name)} |`,
  );
  const texts = packages.map(({ name }) => `## ${name}\n\n${indent(copyrightOf(name))}\n`);
  return `# Where this audio comes from

The recordings were cut from the audio files of these Debian packages: decoded, brought to 16 kHz mono, silence removed,
clips of one speaker joined to utterances of 4 s. The files under channel/ are the same utterances, filtered and with
noise added. sources.tsv names the files that each utterance was cut from. The licences below go with the audio.

| package | version | source |
|---|---|---|
${rows.join('\n')}

${texts.join('\n')}`;
}

function sourceOf(name: string): string {
  return name.startsWith('asterisk-core-sounds') ? 'asterisk-core-sounds' : name.replace(/-data$/, '');
}

/** Indented by four spaces, Markdown shows a text as it is. */
function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}
