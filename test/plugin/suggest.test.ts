import test from 'ava';
import { didYouMean, didYouMeanOrKnown, nearestName } from '../../src/plugin/suggest.js';

test('the nearest name is found through typos of every sort', (t) => {
  const names = ['method', 'backbone', 'batchSize', 'steps'];
  for (const [given, expected] of [
    ['methud', 'method'],
    ['mehtod', 'method'],
    ['metod', 'method'],
    ['methodd', 'method'],
    ['batchsize', 'batchSize'],
    ['batch', 'batchSize'],
    ['step', 'steps'],
  ]) {
    t.is(nearestName(given, names), expected, given);
  }
});

test('of a family of names the near ones are listed', (t) => {
  const names = ['resnet18', 'resnet34', 'resnet50', 'resnet293', 'ecapa-512', 'ecapa-1024', 'tdnn'];
  t.is(didYouMean('resnt34', names), "; did you mean 'resnet34'?");
  t.is(didYouMean('resnet35', names), "; did you mean 'resnet34', 'resnet18' or 'resnet50'?");
  t.is(didYouMean('ecapa', names), "; did you mean 'ecapa-512' or 'ecapa-1024'?");
  t.is(didYouMean('tsp', ['tap', 'tsdp', 'tstp', 'astp']), "; did you mean 'tap', 'tsdp' or 'tstp'?");
});

test('what is far from every name has no suggestion', (t) => {
  t.is(didYouMean('temperature', ['method', 'steps']), '');
  t.is(didYouMean('a', ['bcd']), '');
  t.is(didYouMeanOrKnown('temperature', ['method', 'steps']), '; known: method, steps');
  t.is(didYouMeanOrKnown('x', []), '');
});
