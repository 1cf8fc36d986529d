import { testBackbone } from '../helpers/networks/backbone-tests.js';

testBackbone('ecapa-lite', { width: 16, aggregated: 8, squeezed: 4, pooling: { name: 'astp', bottleneck: 6 } });
testBackbone('cs-ctcs', { width: 8 });
