"""PyTorch's side of update-vs-torch.ts: whole updates of DINO or of a fine-tuning, on the same recordings, noises and rooms.

usage: torch_updates.py dino|fine-tuning NETWORK WESPEAKER DATA nchw|nhwc BATCH UPDATES
NETWORK is voxloop's name of one of WeSpeaker's networks, WESPEAKER a clone of its repository, DATA the file that update-vs-torch.ts wrote. A
loader in a process of its own cuts crops, mixes rooms (scipy.signal.oaconvolve) and noises into half of them or a third, and makes features
(kaldi-native-fbank), ahead of the updates. Prints, as JSON, the milliseconds of each update, of which waiting for data, and the losses.
needs: pip install torch numpy scipy kaldi-native-fbank
"""
import copy
import importlib
import json
import os
import sys
import time
import types

import kaldi_native_fbank as knf
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from scipy.signal import oaconvolve

kind, name, wespeaker, data, layout, batch, updates = sys.argv[1:8]
batch, updates = int(batch), int(updates)
described = json.load(open(data))
RATE, BINS = 16000, 80
GLOBAL, LOCAL = int(2.015 * RATE), int(1.015 * RATE)

# Module and class, size of the embedding, pooling: as WeSpeaker's recipes have them.
NETWORKS = {
    "resnet34": ("resnet", "ResNet34", 256, "TSTP"),
    "ecapa-512": ("ecapa_tdnn", "ECAPA_TDNN_c512", 192, "ASTP"),
    "xvector": ("tdnn", "XVEC", 512, "TSTP"),
}
# The package imports its command line and whatever that needs; its models need PyTorch alone.
package = types.ModuleType("wespeaker")
package.__path__ = [os.path.join(wespeaker, "wespeaker")]
sys.modules["wespeaker"] = package
module, builder, size, pooling = NETWORKS[name]


def network():
    model = getattr(importlib.import_module(f"wespeaker.models.{module}"), builder)(BINS, size, pooling_func=pooling)
    return model.to(memory_format=torch.channels_last) if layout == "nhwc" else model


class Updates(torch.utils.data.Dataset):
    """The crops of each update, as features."""

    def __init__(self):
        self.sounds = [np.memmap(path, np.int16, "r", offset=44) for path in described["recordings"]]
        self.noises = np.memmap(described["noises"], np.int16, "r")
        self.rooms = np.memmap(described["rooms"], np.float32, "r").reshape(described["roomCount"], -1)
        self.options = knf.FbankOptions()
        self.options.frame_opts.dither = 1
        self.options.frame_opts.window_type = "hamming"
        self.options.frame_opts.samp_freq = RATE
        self.options.mel_opts.num_bins = BINS
        self.options.use_energy = False

    def __len__(self):
        return updates

    def crop(self, sound, samples, rng):
        start = rng.integers(max(1, len(sound) - samples))
        wave = np.resize(sound[start : start + samples], samples).astype(np.float32)
        share = 0.5 if kind == "dino" else 0.3
        draw = rng.random()
        if draw < share:
            wave = oaconvolve(wave, self.rooms[rng.integers(len(self.rooms))])[:samples]
        elif draw < 2 * share:
            at = rng.integers(len(self.noises) - samples)
            noise = self.noises[at : at + samples].astype(np.float32)
            ratio = np.mean(wave**2) / max(np.mean(noise**2), 1e-3) / 10 ** (rng.uniform(0, 15) / 10)
            wave = wave + noise * np.sqrt(ratio)
        wave = wave * (32767 / max(np.abs(wave).max(), 1))
        fbank = knf.OnlineFbank(self.options)
        fbank.accept_waveform(RATE, wave)
        fbank.input_finished()
        frames = np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])
        return frames - frames.mean(0)

    def __getitem__(self, update):
        rng = np.random.default_rng(update)
        rows = rng.integers(len(self.sounds), size=batch)
        crops = lambda count, samples: np.stack([self.crop(self.sounds[row], samples, rng) for _ in range(count) for row in rows])
        whole = crops(2 if kind == "dino" else 1, GLOBAL)
        parts = crops(4, LOCAL) if kind == "dino" else np.zeros(0, np.float32)
        return torch.from_numpy(whole), torch.from_numpy(parts), torch.tensor([described["speakers"][row] for row in rows])


def embed(model, features):
    output = model(features)
    return output[-1] if isinstance(output, tuple) else output


class Head(nn.Module):
    """DINO's: three layers, length 1, prototypes of length 1 (Caron et al. 2021)."""

    def __init__(self, hidden=1024, bottleneck=256, prototypes=4096):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck))
        self.prototypes = nn.utils.parametrizations.weight_norm(nn.Linear(bottleneck, prototypes, bias=False))

    def forward(self, x):
        return self.prototypes(F.normalize(self.layers(x), dim=1))


class Dino:
    def __init__(self):
        self.student, self.head = network(), Head()
        self.teacher, self.teacher_head = copy.deepcopy(self.student), copy.deepcopy(self.head)
        self.center = torch.zeros(4096)
        self.trained = list(self.student.parameters()) + list(self.head.parameters())

    def loss(self, whole, parts, _):
        with torch.no_grad():
            targets = self.teacher_head(embed(self.teacher, whole))
        outputs = torch.cat([self.head(embed(self.student, whole)), self.head(embed(self.student, parts))])
        wanted = F.softmax((targets - self.center) / 0.04, dim=1).chunk(2)
        found = F.log_softmax(outputs / 0.1, dim=1).chunk(6)
        pairs = [-(wanted[i] * found[j]).sum(1).mean() for i in range(2) for j in range(6) if i != j]
        self.center = 0.9 * self.center + 0.1 * targets.mean(0)
        return sum(pairs) / len(pairs)

    @torch.no_grad()
    def after(self):
        pairs = [(self.student, self.teacher), (self.head, self.teacher_head)]
        for student, teacher in pairs:
            for own, other in zip(student.parameters(), teacher.parameters()):
                other.mul_(0.99).add_(own, alpha=0.01)


class FineTuning:
    """AAM-softmax with a margin of 0.2 and a scale of 32 (Deng et al. 2019)."""

    def __init__(self):
        self.network = network()
        self.classes = nn.Parameter(F.normalize(torch.randn(max(described["speakers"]) + 1, size), dim=1))
        self.trained = list(self.network.parameters()) + [self.classes]

    def loss(self, whole, _, speakers):
        cosines = F.linear(F.normalize(embed(self.network, whole), dim=1), F.normalize(self.classes, dim=1)).clamp(-1 + 1e-6, 1 - 1e-6)
        angles = torch.acos(cosines)
        own = F.one_hot(speakers, cosines.shape[1]).bool()
        return F.cross_entropy(32 * torch.where(own, torch.cos(angles + 0.2), cosines), speakers)

    def after(self):
        pass


def measure():
    torch.manual_seed(1)
    training = Dino() if kind == "dino" else FineTuning()
    optimizer = torch.optim.SGD(training.trained, lr=0.01, momentum=0.9)
    loader = torch.utils.data.DataLoader(Updates(), batch_size=None, num_workers=1, prefetch_factor=2)
    ms, waited, losses = [], [], []
    start = time.perf_counter()
    for whole, parts, speakers in loader:
        ready = time.perf_counter()
        loss = training.loss(whole, parts, speakers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        training.after()
        losses.append(loss.item())
        end = time.perf_counter()
        ms.append(1e3 * (end - start))
        waited.append(1e3 * (ready - start))
        start = end
    print(json.dumps({"ms": ms, "waitedMs": float(np.median(waited[2:])), "losses": losses}))


if __name__ == "__main__":
    torch.set_num_threads(2)
    measure()
