import test from 'ava';
import { countingScope } from '../../src/nn/counting-scope.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';

testBackbone('df-resnet56', { width: 2 });
testBackbone('gemini-df-resnet60', { width: 2 });

/** At 80 bins and 256 dimensions, and the product of the time strides: arithmetic from the layer tables. */
const PARAMETERS: Record<string, [number, number]> = {
  'df-resnet56': [4_693_920, 8],
  'df-resnet110': [7_177_632, 8],
  'df-resnet179': [9_842_464, 8],
  'df-resnet233': [12_326_176, 8],
  'gemini-df-resnet60': [4_047_840, 2],
  'gemini-df-resnet114': [6_531_552, 2],
  'gemini-df-resnet183': [9_196_384, 2],
  'gemini-df-resnet237': [11_680_096, 2],
};

for (const [name, [parameters, stride]] of Object.entries(PARAMETERS)) {
  test(`${name} has the published number of parameters`, async (t) => {
    const { scope, count } = countingScope();
    const { embeddingSize, minFrames } = (await backboneOf(name))(scope);
    t.is(embeddingSize, 256);
    t.is(minFrames, stride);
    t.is(count(), parameters);
  });
}
