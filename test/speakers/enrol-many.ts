import { addToStore } from '../../src/speakers/change-store.js';
import { enrolmentOf, kindOf } from './units.js';

// A process of its own: adds speakers to a store one by one, and one recording each to a speaker that all share.
const [, , dir, name, count] = process.argv;
for (let i = 0; i < Number(count); i++) {
  await addToStore(dir, kindOf(), [
    enrolmentOf(`${name}-${i}`, 'a.wav', 'b.wav'),
    enrolmentOf('shared', `${name}-${i}.wav`),
  ]);
}
