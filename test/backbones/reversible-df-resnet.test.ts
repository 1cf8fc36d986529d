import { testBackbone } from '../helpers/networks/backbone-tests.js';

testBackbone('prev-df-resnet56', { width: 2 });
testBackbone('frev-df-resnet56', { width: 2 });
