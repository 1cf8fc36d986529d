import { UserError } from '../../../errors.js';
import { type Audio, mixToMono } from '../audio.js';
import { cutShort, damaged, withoutConsole } from '../broken-audio.js';
import { isFreeFormat, walkMpegFrames } from './mpeg-frames.js';

/**
 * Decodes MPEG-1/2/2.5 audio (MP3; layers I and II too) with mpg123 compiled to WebAssembly. The encoder's delay and
 * padding are removed where the file states them.
 *
 * @throws UserError when no frames are found or they are of free format, when the last frame is incomplete or when fewer frames are
 * there than the file's Xing or VBRI header states.
 */
export async function decodeMp3(bytes: Uint8Array, name: string): Promise<Audio> {
  if (isFreeFormat(bytes)) {
    throw new UserError(
      `${name} is an MP3 file of free format: its frames state no bit rate, and voxloop does not read that. ` +
        `Convert it: lame --decode ${name} out.wav`,
    );
  }
  const walk = walkMpegFrames(bytes);
  if (walk === null) throw damaged(name, 'it begins like an MP3 file, but no MPEG frames follow');
  // Some encoders count the header frame itself, hence one frame of grace.
  const missing = walk.statedFrames !== null && walk.frames + 1 < walk.statedFrames;
  if (missing || walk.lastIsPartial) {
    const wanted = walk.statedFrames === null ? null : walk.statedFrames * walk.samplesPerFrame;
    throw cutShort(name, walk.frames * walk.samplesPerFrame, wanted);
  }
  const { MPEGDecoder } = await import('mpg123-decoder');
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const { channelData, sampleRate, errors } = withoutConsole(() => decoder.decode(bytes));
    if (errors.length > 0) throw damaged(name, `${errors.length} MPEG frames do not decode (${errors[0].message})`);
    // The decoder always answers with two channels; a mono file's are the same.
    return { sampleRateHz: sampleRate, channels: walk.channels === 1 ? [mixToMono(channelData)] : channelData };
  } finally {
    decoder.free();
  }
}
