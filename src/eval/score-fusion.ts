/**
 * Scores of voice and face in one: their weighted mean, as "score-level fusion" is in its simplest form; of a trial without a face on both
 * sides the voice's alone.
 * @param voice [trials]
 * @param face [trials], NaN where a face is missing
 * @param faceWeight share of the face's score, from 0 to 1
 * @returns [trials]
 */
export const fuseScores = (voice: Float32Array, face: Float32Array, faceWeight: number): Float32Array =>
  voice.map((score, i) => (Number.isNaN(face[i]) ? score : (1 - faceWeight) * score + faceWeight * face[i]));
