"""Files for bench/scale/decoders.ts, and what libsndfile and ffmpeg decode from them.

    decoders_oracle.py encode SOURCE WORK COUNT   encodes so many of the recordings under SOURCE into WORK, with a list in WORK/files.tsv
    decoders_oracle.py compare WORK               holds WORK/decoded.tsv against the reference decoders, and prints the table

Every recording is encoded as FLAC by libFLAC, and in one other format, in turn. They are brought to 8, 16 and 48 kHz in turn, every
seventh is made stereo, every fifth is cut to a length of its own. Needs numpy, scipy, soundfile 0.13 or later, and ffmpeg, lame and
opusdec on the PATH.
"""

import collections
import os
import subprocess
import sys

import numpy as np
import scipy.signal
import soundfile

EXTENSIONS = ("wav", "flac", "ogg", "opus")
RATES = (16000, 8000, 48000)


def wav(subtype, file_format="WAV", endian="FILE"):
    return ("libsndfile", lambda path, x, rate: soundfile.write(path, x, rate, subtype=subtype, format=file_format, endian=endian))


def ffmpeg(*options):
    def encode(path, x, rate):
        source = ["-f", "f32le", "-ar", str(rate), "-ac", str(x.shape[1]), "-i", "pipe:0"]
        command = ["ffmpeg", "-y", "-v", "error", "-threads", "1", *source, *options, path]
        subprocess.run(command, input=x.astype("<f4").tobytes(), check=True)

    return ("ffmpeg", encode)


def lame(*options):
    def encode(path, x, rate):
        soundfile.write(path + ".wav", x, rate, subtype="PCM_16")
        subprocess.run(["lame", "--quiet", *options, path + ".wav", path], check=True)
        os.remove(path + ".wav")

    return ("lame", encode)


def sndfile(file_format, subtype, level):
    return lambda path, x, rate: soundfile.write(path, x, rate, format=file_format, subtype=subtype, compression_level=level)


# format: extension, (encoder, function), reference decoder, lossless
OTHERS = {
    "FLAC (ffmpeg)": ("flac", ffmpeg("-c:a", "flac", "-sample_fmt", "s16"), "soundfile", True),
    "FLAC 24 bit (ffmpeg)": ("flac", ffmpeg("-c:a", "flac", "-sample_fmt", "s32"), "soundfile", True),
    "FLAC 8 bit": ("flac", ("libFLAC", sndfile("FLAC", "PCM_S8", 0.6)), "soundfile", True),
    "FLAC in Ogg": ("oga", ffmpeg("-c:a", "flac", "-sample_fmt", "s16"), "ffmpeg", True),
    "WAV 8 bit": ("wav", wav("PCM_U8"), "soundfile", True),
    "WAV 16 bit": ("wav", wav("PCM_16"), "soundfile", True),
    "WAV 24 bit": ("wav", wav("PCM_24"), "soundfile", True),
    "WAV 32 bit": ("wav", wav("PCM_32"), "soundfile", True),
    "WAV float": ("wav", wav("FLOAT"), "soundfile", True),
    "WAV double": ("wav", wav("DOUBLE"), "soundfile", True),
    "WAV A-law": ("wav", wav("ALAW"), "soundfile", True),
    "WAV mu-law": ("wav", wav("ULAW"), "soundfile", True),
    "WAV IMA ADPCM": ("wav", ffmpeg("-c:a", "adpcm_ima_wav"), "soundfile", True),
    "WAV Microsoft ADPCM": ("wav", wav("MS_ADPCM"), "soundfile", True),
    "WAV Microsoft ADPCM by ffmpeg": ("wav", ffmpeg("-c:a", "adpcm_ms"), "soundfile", True),
    "WAV extensible, 24 bit": ("wav", wav("PCM_24", "WAVEX"), "soundfile", True),
    "WAV big-endian (RIFX)": ("wav", wav("PCM_16", "WAV", "BIG"), "soundfile", True),
    "WAV RF64": ("wav", wav("PCM_16", "RF64"), "soundfile", True),
    "WAV by ffmpeg": ("wav", ffmpeg("-c:a", "pcm_s16le"), "soundfile", True),
    "Sony Wave64": ("w64", wav("PCM_16", "W64"), "soundfile", True),
    "Sony Wave64 by ffmpeg": ("w64", ffmpeg("-c:a", "pcm_s24le"), "soundfile", True),
    "AIFF": ("aiff", wav("PCM_16", "AIFF"), "soundfile", True),
    "AIFF 24 bit": ("aif", wav("PCM_24", "AIFF"), "soundfile", True),
    "AIFF by ffmpeg": ("aiff", ffmpeg("-c:a", "pcm_s32be"), "soundfile", True),
    "AIFF-C, little-endian": ("aifc", wav("PCM_24", "AIFF", "LITTLE"), "soundfile", True),
    "AIFF-C float": ("aifc", wav("FLOAT", "AIFF"), "soundfile", True),
    "AIFF-C mu-law": ("aifc", wav("ULAW", "AIFF"), "soundfile", True),
    "Sun AU": ("au", wav("PCM_16", "AU"), "soundfile", True),
    "Sun AU, little-endian": ("au", wav("PCM_32", "AU", "LITTLE"), "soundfile", True),
    "Sun AU mu-law by ffmpeg": ("au", ffmpeg("-c:a", "pcm_mulaw"), "soundfile", True),
    "NIST SPHERE": ("sph", wav("PCM_16", "NIST", "LITTLE"), "soundfile", True),
    "NIST SPHERE, big-endian": ("sph", wav("PCM_24", "NIST", "BIG"), "soundfile", True),
    "NIST SPHERE mu-law": ("sph", wav("ULAW", "NIST", "BIG"), "soundfile", True),
    "NIST SPHERE A-law": ("sph", wav("ALAW", "NIST", "BIG"), "soundfile", True),
    "G.722": ("g722", ffmpeg("-ar", "16000", "-ac", "1", "-c:a", "g722"), "ffmpeg", True),
    "G.722 in WAV": ("wav", ffmpeg("-ar", "16000", "-ac", "1", "-c:a", "g722"), "ffmpeg", True),
    "Vorbis": ("ogg", ("libvorbis", sndfile("OGG", "VORBIS", 0.4)), "soundfile", False),
    "Vorbis by ffmpeg": ("ogg", ffmpeg("-c:a", "libvorbis"), "soundfile", False),
    "Opus": ("opus", ffmpeg("-c:a", "libopus", "-b:a", "24k"), "opusdec", False),
    "Opus, 60 ms": ("opus", ffmpeg("-c:a", "libopus", "-frame_duration", "60"), "opusdec", False),
    "MP3": ("mp3", lame("-V", "4"), "soundfile", False),
    "MP3, constant rate": ("mp3", lame("-b", "64"), "soundfile", False),
    "MP3 by ffmpeg": ("mp3", ffmpeg("-c:a", "libmp3lame"), "soundfile", False),
    "AAC in M4A": ("m4a", ffmpeg("-c:a", "aac", "-aac_pns", "0"), "ffmpeg", False),
    "AAC in ADTS": ("aac", ffmpeg("-c:a", "aac", "-aac_pns", "0"), "ffmpeg", False),
}


def recordings(source, count):
    """So many paths, evenly spread over all that are there."""
    walk = sorted(os.walk(source))
    paths = [os.path.join(folder, name) for folder, _, names in walk for name in sorted(names) if name.rsplit(".", 1)[-1] in EXTENSIONS]
    count = min(count, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]


def varied(path, i):
    """The recording at one of three rates, mono or stereo, whole or cut: [samples, channels]."""
    x, rate = soundfile.read(path, dtype="float64", always_2d=True)
    x = x[:, 0]
    rng = np.random.default_rng(i)
    target = RATES[i % 3]
    if rate != target:
        x = scipy.signal.resample_poly(x, target, rate)
    if i % 5 == 0:
        x = x[: 1 + int(rng.integers(len(x)))]
    x = np.clip(x, -1, 1 - 2**-15)
    return (np.stack([x, 0.5 * np.roll(x, 7)], 1) if i % 7 == 0 else x[:, None]), target


def encode(source, work, count):
    os.makedirs(work, exist_ok=True)
    kinds = list(OTHERS)
    with open(os.path.join(work, "files.tsv"), "w") as table:
        for i, path in enumerate(recordings(source, count)):
            x, rate = varied(path, i)
            level, bits = i % 9, "PCM_24" if i % 10 == 0 else "PCM_16"
            target = os.path.join(work, f"{i:05}-a.flac")
            soundfile.write(target, x, rate, format="FLAC", subtype=bits, compression_level=level / 8)
            table.write(f"{target}\tFLAC {bits[4:]} bit (libFLAC)\tlibFLAC\t{len(x)}\n")
            # By blocks of 21, so that rates (3) and stereo (7) meet every format.
            kind = kinds[(i // 21) % len(kinds)]
            extension, (encoder, function), _, _ = OTHERS[kind]
            target = os.path.join(work, f"{i:05}-b.{extension}")
            function(target, x, rate)
            table.write(f"{target}\t{kind}\t{encoder}\t{len(x)}\n")


def reference(path, decoder, channels):
    if decoder == "soundfile":
        return soundfile.read(path, dtype="float64", always_2d=True)[0]
    if decoder == "opusdec":
        command = ["opusdec", "--quiet", "--float", "--rate", "48000", path, path + ".wav"]
        subprocess.run(command, stderr=subprocess.DEVNULL, check=True)
        return soundfile.read(path + ".wav", dtype="float64", always_2d=True)[0]
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    sound = np.frombuffer(raw, "<f4").reshape(-1, channels)
    # FAAD keeps the first frame, which holds nothing but the encoder's delay, to itself; ADTS cannot say where the sound begins or ends.
    return sound[1024:] if path.endswith(".aac") else sound


def compare(work):
    rows = collections.OrderedDict()
    faults = []
    for line in open(os.path.join(work, "decoded.tsv")):
        path, kind, encoder, samples, channels, answer = line.rstrip("\n").split("\t")
        row = rows.setdefault((kind, encoder), collections.Counter(worst=0.0))
        row["files"] += 1
        if channels == "0":
            row["refused"] += 1
            faults.append(f"{kind}: {answer}")
            continue
        decoder, lossless = ("soundfile", True) if kind not in OTHERS else OTHERS[kind][2:]
        expected = reference(path, decoder, int(channels)).astype("float32")
        if path.endswith(".m4a") or kind == "WAV Microsoft ADPCM":
            expected = expected[: int(samples)]  # ffmpeg and libsndfile leave the padding at the end
        found = np.fromfile(answer, "<f4").reshape(-1, int(channels))
        row["samples"] += len(expected)
        if found.shape != expected.shape:
            row["other length"] += 1
            faults.append(f"{kind}: {path}: {found.shape} instead of {expected.shape}")
            continue
        difference = np.abs(found - expected).max(initial=0)
        row["worst"] = max(row["worst"], float(difference))
        if difference > (0 if lossless else 1e-3):
            row["differ"] += 1
            faults.append(f"{kind}: {path}: {difference:.2g}")
    print("| format | encoder | files | refused | other length | differ | largest difference | samples |\n|---|---|---|---|---|---|---|---|")
    for (kind, encoder), row in sorted(rows.items()):
        counts = " | ".join(str(row[name]) for name in ("files", "refused", "other length", "differ"))
        print(f"| {kind} | {encoder} | {counts} | {row['worst']:.1e} | {row['samples']:,} |")
    print("\n".join(faults[:200]), file=sys.stderr)


if sys.argv[1] == "encode":
    encode(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    compare(sys.argv[2])
