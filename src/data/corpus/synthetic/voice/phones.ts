/** The articulators' targets during one sound, in a tract of ordinary length. */
export interface Phone {
  name: string;
  /** First three resonances. */
  formantsHz: readonly [number, number, number];
  ms: number;
  /** Amplitudes of the voice, of breath through the tract, and of hiss made in the mouth. */
  voice: number;
  breath: number;
  hiss: number;
  hissHz: number;
  hissBandHz: number;
  /** Opening of the nose. */
  nasal: number;
}

const phone = (name: string, formantsHz: Phone['formantsHz'], ms: number, sound: Partial<Phone>): Phone => ({
  name,
  formantsHz,
  ms,
  voice: 0,
  breath: 0,
  hiss: 0,
  hissHz: 4000,
  hissBandHz: 2000,
  nasal: 0,
  ...sound,
});

const vowel = (name: string, ...formantsHz: Phone['formantsHz']) => phone(name, formantsHz, 110, { voice: 1 });

export const VOWELS: readonly Phone[] = [
  vowel('i', 280, 2250, 2950),
  vowel('I', 400, 1950, 2550),
  vowel('e', 470, 1950, 2600),
  vowel('E', 570, 1780, 2480),
  vowel('a', 740, 1250, 2450),
  vowel('O', 580, 900, 2420),
  vowel('o', 440, 850, 2350),
  vowel('u', 310, 880, 2250),
  vowel('y', 290, 1850, 2200),
  vowel('@', 500, 1400, 2450),
];

const hissing = (name: string, hissHz: number, hissBandHz: number, hiss: number, voice: number) =>
  phone(name, [320, 1550, 2500], voice > 0 ? 75 : 100, { hiss, hissHz, hissBandHz, voice });

/** Sounds that begin and end syllables; stops are a closure followed by the burst named after it. */
export const CONSONANTS: readonly Phone[] = [
  hissing('s', 5600, 1500, 0.3, 0),
  hissing('S', 3200, 1300, 0.3, 0),
  hissing('f', 5000, 6000, 0.1, 0),
  hissing('x', 1700, 900, 0.15, 0),
  hissing('z', 5400, 1500, 0.15, 0.4),
  hissing('v', 4500, 6000, 0.04, 0.5),
  phone('h', [500, 1500, 2500], 60, { breath: 0.5 }),
  phone('m', [260, 1000, 2300], 70, { voice: 0.5, nasal: 1 }),
  phone('n', [280, 1550, 2600], 65, { voice: 0.5, nasal: 1 }),
  phone('N', [280, 2000, 2500], 75, { voice: 0.5, nasal: 1 }),
  phone('l', [370, 1150, 2800], 60, { voice: 0.7 }),
  phone('r', [400, 1200, 1650], 60, { voice: 0.7 }),
  phone('j', [290, 2150, 2900], 55, { voice: 0.7 }),
  phone('w', [300, 750, 2250], 55, { voice: 0.7 }),
  phone('p', [250, 800, 2200], 75, {}),
  phone('t', [250, 1750, 2650], 75, {}),
  phone('k', [250, 1900, 2300], 80, {}),
  phone('b', [230, 850, 2200], 60, { voice: 0.15 }),
  phone('d', [230, 1700, 2600], 60, { voice: 0.15 }),
  phone('g', [230, 1850, 2250], 60, { voice: 0.15 }),
];

/** The sound after the closure of a stop. */
export const BURSTS: Readonly<Record<string, Phone>> = {
  p: phone('p burst', [350, 1000, 2300], 30, { hiss: 0.15, hissHz: 1000, hissBandHz: 3000, breath: 0.2 }),
  t: phone('t burst', [350, 1750, 2650], 35, { hiss: 0.35, hissHz: 4500, hissBandHz: 2500, breath: 0.2 }),
  k: phone('k burst', [350, 1850, 2350], 40, { hiss: 0.3, hissHz: 1900, hissBandHz: 900, breath: 0.2 }),
  b: phone('b burst', [350, 1000, 2300], 10, { hiss: 0.1, hissHz: 900, hissBandHz: 3000, voice: 0.4 }),
  d: phone('d burst', [350, 1700, 2600], 12, { hiss: 0.25, hissHz: 4200, hissBandHz: 2500, voice: 0.4 }),
  g: phone('g burst', [350, 1800, 2300], 15, { hiss: 0.2, hissHz: 1800, hissBandHz: 900, voice: 0.4 }),
};

export const PAUSE: Phone = phone('pause', [500, 1500, 2500], 180, {});
