"""Bytes that PyTorch keeps for the backward pass of one supervised training step (2-D fbank input, TSTP, 1000 classes).

usage: saved-tensors.py NETWORK [batch=1] [frames=200]
       NETWORK: resnet34 resnet50 resnet101 resnet152 resnet221 resnet293 df-resnet56 df-resnet110 df-resnet179 df-resnet233
needs: pip install torch==2.13.0 (the CPU wheel)

Sums what autograd saves, through saved_tensors_hooks: each storage once; parameters, buffers and the network's input are not counted.
Prints one line of JSON: {network, batch, frames, parameters, savedBytes}; the parameters are those without the classifier.
"""
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

BINS, WIDTH, EMBEDDING, CLASSES = 80, 32, 256, 1000
RESNETS = {
    "resnet34": (False, (3, 4, 6, 3)),
    "resnet50": (True, (3, 4, 6, 3)),
    "resnet101": (True, (3, 4, 23, 3)),
    "resnet152": (True, (3, 8, 36, 3)),
    "resnet221": (True, (6, 16, 48, 3)),
    "resnet293": (True, (10, 20, 64, 3)),
}
DF_RESNETS = {
    "df-resnet56": (3, 3, 9, 3),
    "df-resnet110": (3, 3, 27, 3),
    "df-resnet179": (3, 8, 45, 3),
    "df-resnet233": (3, 8, 63, 3),
}


def conv_norm(inputs, outputs, kernel, stride=1, groups=1):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Layers with rectifiers between, a shortcut, a rectifier."""

    def __init__(self, layers, shortcut=None):
        super().__init__()
        self.layers, self.shortcut = nn.ModuleList(layers), shortcut or nn.Identity()

    def forward(self, x):
        h = x
        for layer in self.layers[:-1]:
            h = F.relu(layer(h))
        return F.relu(self.layers[-1](h) + self.shortcut(x))


def resnet(bottleneck, counts):
    blocks, inputs = [], WIDTH
    for stage, count in enumerate(counts):
        inner = WIDTH << stage
        outputs = 4 * inner if bottleneck else inner
        for i in range(count):
            stride = 2 if i == 0 and stage else 1
            if bottleneck:
                layers = [conv_norm(inputs, inner, 1), conv_norm(inner, inner, 3, stride), conv_norm(inner, outputs, 1)]
            else:
                layers = [conv_norm(inputs, inner, 3, stride), conv_norm(inner, inner, 3)]
            same = stride == 1 and inputs == outputs
            blocks.append(Block(layers, None if same else conv_norm(inputs, outputs, 1, stride)))
            inputs = outputs
    return blocks, inputs


def df_resnet(counts):
    blocks, channels = [], WIDTH
    for stage, count in enumerate(counts):
        if stage:
            blocks.append(nn.Sequential(conv_norm(channels, WIDTH << stage, 3, 2), nn.ReLU()))
            channels = WIDTH << stage
        for _ in range(count):
            inner = 4 * channels
            expand, project = conv_norm(channels, inner, 1), conv_norm(inner, channels, 1)
            blocks.append(Block([expand, conv_norm(inner, inner, 3, groups=inner), project]))
    return blocks, channels


class Network(nn.Module):
    def __init__(self, name):
        super().__init__()
        blocks, channels = resnet(*RESNETS[name]) if name in RESNETS else df_resnet(DF_RESNETS[name])
        self.trunk = nn.Sequential(conv_norm(1, WIDTH, 3), nn.ReLU(), *blocks)
        self.embedding = nn.Linear(channels * BINS // 8 * 2, EMBEDDING)
        self.classifier = nn.Linear(EMBEDDING, CLASSES)

    def forward(self, x):
        h = self.trunk(x)
        statistics = torch.cat([h.mean(-1).flatten(1), (h.var(-1) + 1e-7).sqrt().flatten(1)], 1)
        return self.classifier(self.embedding(statistics))


def saved_bytes(model, x, labels):
    skipped = {tensor.untyped_storage().data_ptr() for tensor in [x, *model.parameters(), *model.buffers()]}
    saved = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in skipped:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = F.cross_entropy(model(x), labels)
    # Nothing saved may be freed before the sum, or its address could come again.
    total = sum(saved.values())
    loss.backward()
    return total


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in RESNETS and name not in DF_RESNETS:
        sys.exit(__doc__)
    batch, frames = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((2, 1), (3, 200)))
    model = Network(name)
    parameters = sum(p.numel() for p in model.parameters()) - sum(p.numel() for p in model.classifier.parameters())
    total = saved_bytes(model, torch.randn(batch, 1, BINS, frames), torch.arange(batch) % CLASSES)
    print(json.dumps(dict(network=name, batch=batch, frames=frames, parameters=parameters, savedBytes=total)))


main()
