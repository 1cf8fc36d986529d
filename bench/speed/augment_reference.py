"""The other side of augment.ts: kaldi-native-fbank and scipy.signal.oaconvolve, one thread in each of two processes.

Reads crops, rooms, noises and ratios from a folder. At the first line on stdin it prints the largest difference of its features to
those of the first crops; at every further line it goes through all crops and prints the seconds. Started by augment.ts.
"""
import sys
import time
from multiprocessing import Pool

import kaldi_native_fbank as knf
import numpy as np
from scipy.signal import oaconvolve

folder, first = sys.argv[1], int(sys.argv[2])
crops, rooms, noise, snr, expected = (
    np.load(f"{folder}/{name}.npy", mmap_mode="r") for name in ("crops", "rooms", "noise", "snr", "features")
)
options = knf.FbankOptions()
options.frame_opts.dither = 0
options.frame_opts.window_type = "hamming"
options.frame_opts.samp_freq = 16000
options.mel_opts.num_bins = 80
options.use_energy = False


def features(row):
    wave = oaconvolve(crops[row], rooms[row])[: crops.shape[1]]
    added = np.asarray(noise[row])
    ratio = np.mean(wave**2) / np.mean(added**2) / 10 ** (snr[row, 0] / 10)
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(16000, wave + added * np.sqrt(ratio))
    fbank.input_finished()
    frames = np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])
    return frames - frames.mean(0)


def work(half):
    for row in range(half, len(crops), 2):
        features(row)


if __name__ == "__main__":
    sys.stdin.readline()
    wanted = np.array(expected[:first]).reshape(first, -1, options.mel_opts.num_bins)
    print(max(np.abs(features(row) - wanted[row]).max() for row in range(first)), flush=True)
    with Pool(2) as pool:
        pool.map(len, ["", ""])
        for _ in sys.stdin:
            start = time.perf_counter()
            pool.map(work, [0, 1], chunksize=1)
            print(time.perf_counter() - start, flush=True)
