import { testBackbone } from '../helpers/networks/backbone-tests.js';

// Half the frames are left behind the first stride: the longest utterance has two segments of context, one of them short.
testBackbone('campplus', { width: 8, layers: [2, 2, 2] }, { lengths: [33, 230] });
