import { longestFirst } from './scripts/longest-first.mjs';

export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '5m',
  nodeArguments: ['--enable-source-maps'],
  sortTestFiles: longestFirst,
};
