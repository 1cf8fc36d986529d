import test from 'ava';
import { speakerAgreement } from '../../src/eval/speaker-agreement.js';

test('labels are measured on utterances that have a label and a known speaker', (t) => {
  const labels = Int32Array.of(0, 0, 1, 1, -1, 1, 0);
  const speakers = ['anna', 'anna', 'ben', 'ben', 'ben', '', ''];
  // Of the four that count, all are right; one of seven has no label.
  t.deepEqual(speakerAgreement(labels, speakers), { noise: 1 - 6 / 7, nmi: 1, purity: 1, accuracy: 1 });
});

test('utterances of unknown speakers would have lowered the agreement, had they counted', (t) => {
  const { purity } = speakerAgreement(Int32Array.of(0, 0, 0, 1), ['anna', 'ben', '', 'ben']);
  t.is(purity, 2 / 3);
});

test('where only utterances without a label have known speakers, nothing is measured', (t) => {
  const measured = speakerAgreement(Int32Array.of(0, 1, -1), ['', '', 'anna']);
  t.deepEqual(measured, { noise: 1 - 2 / 3, nmi: null, purity: null, accuracy: null });
});
