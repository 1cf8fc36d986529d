"""Peer baseline: a training step of WeSpeaker's networks in PyTorch (1,000 classes, cross entropy, SGD), 80 bins.

usage: torch_step.py NETWORK WESPEAKER [batch=16] [frames=200] [nchw|nhwc] [steps=8]
NETWORK is voxloop's name, WESPEAKER a clone of its repository. Prints best and median milliseconds of a step.
needs: pip install torch==2.13.0 (the CPU wheel)
"""
import importlib
import os
import sys
import time
import types

import torch
import torch.nn as nn
import torch.nn.functional as F

name, wespeaker = sys.argv[1:3]
batch, frames = int(sys.argv[3] if len(sys.argv) > 3 else 16), int(sys.argv[4] if len(sys.argv) > 4 else 200)
nhwc, steps = (len(sys.argv) > 5 and sys.argv[5] == "nhwc"), int(sys.argv[6] if len(sys.argv) > 6 else 8)

# Module and class, size of the embedding, pooling: as their recipes have them.
NETWORKS = {
    "resnet34": ("resnet", "ResNet34", 256, "TSTP"),
    "resnet50": ("resnet", "ResNet50", 256, "TSTP"),
    "gemini-df-resnet60": ("gemini_dfresnet", "Gemini_DF_ResNet60", 256, "TSTP"),
    "repvgg-a0": ("repvgg", "REPVGG_TINY_A0", 512, "TSTP"),
    "ecapa-512": ("ecapa_tdnn", "ECAPA_TDNN_c512", 192, "ASTP"),
    "ecapa-1024": ("ecapa_tdnn", "ECAPA_TDNN_c1024", 192, "ASTP"),
    "campplus": ("campplus", "CAMPPlus", 512, "TSTP"),
    "xvector": ("tdnn", "XVEC", 512, "TSTP"),
}

# The package imports its command line and whatever that needs; its models need PyTorch alone.
package = types.ModuleType("wespeaker")
package.__path__ = [os.path.join(wespeaker, "wespeaker")]
sys.modules["wespeaker"] = package
module, builder, size, pooling = NETWORKS[name]
build = getattr(importlib.import_module(f"wespeaker.models.{module}"), builder)
model = build(80, size, pooling_func=pooling)
classify = nn.Linear(size, 1000)
if nhwc:
    model = model.to(memory_format=torch.channels_last)
parameters = list(model.parameters()) + list(classify.parameters())
optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, nesterov=True)
x, y, times = torch.randn(batch, frames, 80), torch.arange(batch) % 1000, []
for _ in range(steps):
    start = time.perf_counter()
    output = model(x)
    loss = F.cross_entropy(classify(output[-1] if isinstance(output, tuple) else output), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    times.append((time.perf_counter() - start) * 1e3)
times = sorted(times[2:])
count = sum(parameter.numel() for parameter in model.parameters())
print(f"torch {name} batch {batch} frames {frames} best {times[0]:.0f} ms median {times[len(times) // 2]:.0f} ms parameters {count}")
