/** The rate that all audio is brought to on its way in, and that every room works at. */
export const SAMPLE_RATE_HZ = 16000;
