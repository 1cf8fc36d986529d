"""Loads FOLDER with the class that its config.yaml names, of the WeSpeaker CHECKOUT, with weights_only=True and every name matched, runs it on
FOLDER/feats.in [2, frames, bins] and prints the largest difference from FOLDER/embs.out over its rms. Called by wespeaker-loads.ts."""
import importlib
import sys
import types
from pathlib import Path

import numpy as np
import torch
import yaml

MODULES = {"XVEC": "tdnn", "ECAPA": "ecapa_tdnn", "ResNet": "resnet", "REPVGG": "repvgg", "CAMPPlus": "campplus", "Gemini": "gemini_dfresnet"}
folder, checkout = map(Path, sys.argv[1:3])
# Importing the package itself would need the command line's dependencies; its networks need torch only.
package = types.ModuleType("wespeaker")
package.__path__ = [str(checkout / "wespeaker")]
sys.modules["wespeaker"] = package
config = yaml.safe_load((folder / "config.yaml").read_text())
name = config["model"]
module = next(module for start, module in MODULES.items() if name.startswith(start))
model = getattr(importlib.import_module(f"wespeaker.models.{module}"), name)(**config["model_args"])
model.load_state_dict(torch.load(folder / "avg_model.pt", map_location="cpu", weights_only=True), strict=True)
model.eval()
feats = np.fromfile(folder / "feats.in", np.float32).reshape(2, -1, config["model_args"]["feat_dim"])
expected = np.fromfile(folder / "embs.out", np.float32).reshape(2, -1)
with torch.no_grad():
    outputs = model(torch.from_numpy(feats))
found = (outputs[-1] if isinstance(outputs, tuple) else outputs).numpy()
print(float(np.abs(found - expected).max() / np.sqrt((expected**2).mean())))
