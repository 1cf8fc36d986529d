/** Expands G.711 bytes (ITU-T G.711, A-law or mu-law) to 16-bit samples, with the `wavefile` package. */
export async function decodeG711(data: Uint8Array, law: 'A-law' | 'mu-law'): Promise<Int16Array> {
  const { default: wavefile } = await import('wavefile');
  const wav = new wavefile.WaveFile();
  // A clean header: the package does not accept the wrong lengths that streaming writers leave.
  wav.fromScratch(1, 8000, law === 'A-law' ? '8a' : '8m', data);
  if (law === 'A-law') wav.fromALaw();
  else wav.fromMuLaw();
  return wav.getSamples(false, Int16Array) as unknown as Int16Array;
}
