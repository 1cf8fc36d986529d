import { testBackbone } from '../helpers/networks/backbone-tests.js';

testBackbone('prev-resnet50', { width: 2 });
testBackbone('frev-resnet34', { width: 3 });
