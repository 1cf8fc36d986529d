import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { listClipFolders } from '../../../../src/data/corpus/debian/clips.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

test('folders of the packages by person: known persons merged, languages grouped, noises left out', (t) => {
  const root = temporaryFolder(t);
  for (const file of [
    'klettres/pt_BR/alpha/a.ogg',
    'klettres/pt_BR/syllab/ba.ogg',
    'klettres/pt_BR/sounds.xml',
    'klettres/nb/alpha/a.ogg',
    'klettres/pics/bee.png',
    'ktuberling/sounds/pt/nose.wav',
    'ktuberling/sounds/nn/nose.opus',
    'ktuberling/sounds/sr/nos.ogg',
    'ktuberling/sounds/sr@latin/nos.ogg',
    'asterisk/sounds/en_US_f_Allison/hello.g722',
    'asterisk/sounds/en_US_f_Allison/digits/1.g722',
    'asterisk/sounds/en_US_f_Allison/silence/1.g722',
    'asterisk/sounds/en_US_f_Allison/beep.g722',
    'asterisk/sounds/es_MX_f_Allison/hola.g722',
  ]) {
    const path = join(root, 'usr/share', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }
  const found = listClipFolders(root).map(({ speaker, group, language, files }) => [
    speaker,
    group,
    language,
    files.map((file) => file.replace('usr/share/', '')).join(' '),
  ]);
  t.deepEqual(found, [
    ['klettres-nb', 'kde-no', 'nb', 'klettres/nb/alpha/a.ogg'],
    ['klettres-pt_BR', 'kde-pt', 'pt-BR', 'klettres/pt_BR/alpha/a.ogg klettres/pt_BR/syllab/ba.ogg'],
    ['ktuberling-nn', 'kde-no', 'nn', 'ktuberling/sounds/nn/nose.opus'],
    ['ktuberling-pt', 'kde-pt', 'pt', 'ktuberling/sounds/pt/nose.wav'],
    ['ktuberling-sr', 'kde-sr', 'sr', 'ktuberling/sounds/sr/nos.ogg ktuberling/sounds/sr@latin/nos.ogg'],
    [
      'asterisk-allison',
      'asterisk-allison',
      'en-US',
      'asterisk/sounds/en_US_f_Allison/digits/1.g722 asterisk/sounds/en_US_f_Allison/hello.g722',
    ],
    ['asterisk-allison', 'asterisk-allison', 'es-MX', 'asterisk/sounds/es_MX_f_Allison/hola.g722'],
  ]);
  t.deepEqual(listClipFolders(join(root, 'none')), []);
});
