"""Runs FOLDER/model.onnx on FOLDER/BATCH-FRAMES.in and prints the largest difference from the .out beside, over its rms.
Called by onnx-agreement.ts."""
import sys
from pathlib import Path

import numpy as np
import onnxruntime

folder = Path(sys.argv[1])
session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
worst = 0.0
for path in folder.glob("*.in"):
    batch, frames = map(int, path.stem.split("-"))
    feats = np.fromfile(path, np.float32).reshape(batch, frames, -1)
    expected = np.fromfile(path.with_suffix(".out"), np.float32).reshape(batch, -1)
    (found,) = session.run(None, {"feats": feats})
    worst = max(worst, float(np.abs(found - expected).max() / np.sqrt((expected**2).mean())))
print(worst)
