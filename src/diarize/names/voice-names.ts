import type { Search } from '../../cluster/neighbours/neighbours.js';
import type { SpeechShortage } from '../../embed/speech-shortage.js';
import type { Match, SpeakerSearch } from '../../speakers/centroids.js';
import { chooseThreshold, type DecisionOptions, llrOf, type Threshold } from '../../speakers/decision.js';
import { centroidOf, directionOf } from '../../speakers/directions.js';
import { LEAST_SPEECH_SECONDS } from '../../speakers/least-speech.js';
import { openSearch } from '../../speakers/search.js';
import { cosine, type SpeakerModel } from '../../speakers/speaker-model.js';
import { isStore, readInfo, readStore } from '../../speakers/store.js';
import { modelForStore } from '../../speakers/store-space.js';

export interface NameOptions extends DecisionOptions {
  /** Folder of enrolled speakers; without one voices are numbered only. */
  store?: string;
  /** A store that is missing or empty is as none, for it is about to be filled. */
  mayBeMissing?: boolean;
  /** Numbered voices that are remembered, the last ones heard. Default: all. */
  mostNumbered?: number;
  search?: Search;
  log?: (line: string) => void;
}

/** A voice to name. */
export interface Voice {
  /** What it was heard in, for messages and stores. */
  source: string;
  speechSeconds: number;
  /** Its embedding as the model gives it. // [size] */
  vector: Float32Array;
}

/** Who a voice is, as far as that can be told. */
export interface VoiceIdentity {
  /** A name of the store, or a number, `speaker1`; null where nothing is decided: too little speech, or no threshold. */
  speaker: string | null;
  /** True when `speaker` is a name of the store. */
  enrolled: boolean;
  /** Cosine to what was known of `speaker`; null for a number that is new, and where nothing is decided. */
  score: number | null;
  /** Log-likelihood ratio of `score`, natural logarithm; null without it or a calibration, too. */
  llr: number | null;
  /** The known voice, enrolled or numbered, that is most like it; null where none is known. */
  nearest: Match | null;
  /** The speech that is lacking for a decision; null where there is enough. */
  shortage: SpeechShortage | null;
}

/** A voice that has a number and is in no store. */
export interface NumberedVoice {
  speaker: string;
  /** Where it was heard, with directions of length one. */
  heard: { source: string; speechSeconds: number; unit: Float32Array }[];
}

/** Gives names to voices, and numbers to those that are not enrolled; a voice that comes again has the same one. */
export interface VoiceNames {
  /** null for a model without a calibration where none is chosen: nothing is decided then. */
  threshold: Threshold | null;
  /** Enrolled speakers. */
  enrolled: number;
  /** The voices of one recording, who are different people: each name goes to the one most like it. */
  name(voices: readonly Voice[]): VoiceIdentity[];
  /** A number that nobody has. */
  nextNumber(): string;
  /** Those that have a number, in its order. */
  numbered(): NumberedVoice[];
}

/** Times that a numbered voice was heard, the last ones, on which its direction rests. */
const MOST_HEARD = 100;
const NUMBER = /^speaker(\d+)$/;

/**
 * Opens the names of a store for voices that are found in recordings, by the model that enrolled them or one that shares its space.
 * @throws UserError for a store that is missing, empty or of another space, and for a false-accept rate that the model's calibration lacks
 */
export async function openVoiceNames(
  asked: SpeakerModel,
  {
    store,
    mayBeMissing = false,
    mostNumbered = Number.POSITIVE_INFINITY,
    search,
    log,
    leastSpeechSeconds = LEAST_SPEECH_SECONDS,
    ...choice
  }: NameOptions = {},
): Promise<VoiceNames> {
  const taken = store !== undefined && (!mayBeMissing || isStore(store)) ? [...readStore(store).speakers.keys()] : [];
  const info = store !== undefined && isStore(store) ? readInfo(store) : null;
  const model = store !== undefined && info ? modelForStore(store, info, asked) : asked;
  const threshold = chooseThreshold(model.calibration, choice);
  const isFilled = store !== undefined && (!mayBeMissing || taken.length > 0);
  const opened = isFilled ? await openSearch(store, info?.model ?? model.identity, { search, log }) : null;
  const first = taken.reduce((most, name) => Math.max(most, Number(NUMBER.exec(name)?.[1] ?? 0)), 0) + 1;
  return createVoiceNames(model, { opened, threshold, leastSpeechSeconds, mostNumbered, first });
}

interface Known {
  opened: SpeakerSearch | null;
  threshold: Threshold | null;
  leastSpeechSeconds: number;
  mostNumbered: number;
  /** The first number to give. */
  first: number;
}

interface Numbered extends NumberedVoice {
  centroid: Float32Array;
}

function createVoiceNames(model: SpeakerModel, known: Known): VoiceNames {
  const { opened, threshold, leastSpeechSeconds, mostNumbered } = known;
  let next = known.first;
  const numbered = new Map<string, Numbered>();
  const nextNumber = () => `speaker${next++}`;
  const matchesOf = (unit: Float32Array, count: number): Match[] => {
    const others = [...numbered.values()].map(({ speaker, centroid }) => ({ speaker, score: cosine(unit, centroid) }));
    return [...(opened?.find(unit, count) ?? []), ...others].sort((a, b) => b.score - a.score);
  };
  const remember = (speaker: string, voice: Voice, unit: Float32Array) => {
    const heard = [...(numbered.get(speaker)?.heard ?? []), { ...about(voice), unit }].slice(-MOST_HEARD);
    // A voice that was just heard stands last, and the first is forgotten.
    numbered.delete(speaker);
    numbered.set(speaker, { speaker, heard, centroid: directionsMean(speaker, heard, unit.length) });
    if (numbered.size > mostNumbered) numbered.delete(numbered.keys().next().value!);
  };
  return {
    threshold,
    enrolled: opened?.speakers ?? 0,
    nextNumber,
    numbered: () => [...numbered.values()].sort((a, b) => numberOf(a) - numberOf(b)),
    name(voices) {
      const heard = voices.map((voice) => {
        const unit = directionOf(voice.source, voice.vector, model.mean);
        const short = voice.speechSeconds < leastSpeechSeconds;
        const shortage = short ? { speechSeconds: voice.speechSeconds, leastSeconds: leastSpeechSeconds } : null;
        return { unit, shortage, matches: matchesOf(unit, voices.length) };
      });
      const decided = heard.map(({ shortage, matches }) => (shortage ? [] : matches));
      const chosen = threshold === null ? new Map<number, Match>() : eachToOne(decided, threshold.value);
      return heard.map(({ unit, shortage, matches }, i) => {
        const match = chosen.get(i);
        const decides = threshold !== null && shortage === null;
        const speaker = match?.speaker ?? (decides ? nextNumber() : null);
        const enrolled = match !== undefined && !numbered.has(match.speaker);
        if (speaker !== null && !enrolled) remember(speaker, voices[i], unit);
        const score = match?.score ?? null;
        const llr = score === null ? null : llrOf(model.calibration, score);
        return { speaker, enrolled, score, llr, nearest: matches[0] ?? null, shortage };
      });
    },
  };
}

const about = ({ source, speechSeconds }: Voice) => ({ source, speechSeconds });

const numberOf = ({ speaker }: NumberedVoice) => Number(NUMBER.exec(speaker)![1]);

function directionsMean(speaker: string, heard: NumberedVoice['heard'], size: number): Float32Array {
  const units = new Float32Array(heard.length * size);
  heard.forEach(({ unit }, i) => {
    units.set(unit, i * size);
  });
  return centroidOf(speaker, units, size);
}

/** Pairs voices with names, the most similar pair first, above a threshold; nobody is named twice. By the voice's place. */
function eachToOne(matches: readonly Match[][], threshold: number): Map<number, Match> {
  const pairs = matches.flatMap((list, voice) => list.map((match) => ({ voice, match })));
  const chosen = new Map<number, Match>();
  const taken = new Set<string>();
  for (const { voice, match } of pairs.sort((a, b) => b.match.score - a.match.score)) {
    if (!(match.score > threshold)) break;
    if (chosen.has(voice) || taken.has(match.speaker)) continue;
    chosen.set(voice, match);
    taken.add(match.speaker);
  }
  return chosen;
}
