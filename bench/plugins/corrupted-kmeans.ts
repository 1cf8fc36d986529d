import { createRng, defineClustering, kmeans, openSession, z } from '../../src/index.js';

/** For bench/quality/loop-selection: makes one round of a loop worse. */
export default defineClustering({
  name: 'corrupted-kmeans',
  summary: 'k-means, of whose labels a share is drawn anew.',
  options: z.strictObject({ clusters: z.number().int().positive(), share: z.number().min(0).max(1).default(0.6) }),
  async cluster({ options: { clusters, share }, device, threads, ...given }) {
    const session = openSession({ device, threads });
    try {
      const found = await kmeans(session, { ...given, clusters, metric: 'cosine', iterations: 100, restarts: 3 });
      const rng = createRng(given.seed).fork('corrupt');
      const labels = found.labels.map((label) => (rng.next() < share ? rng.int(clusters) : label));
      return { ...found, labels };
    } finally {
      await session.close();
    }
  },
});
