"""pandas and NumPy, as bench/speed/metrics.ts asks for them: reads commands on standard input, answers with one line of JSON each.

Arguments: folder, trials, engine of read_csv (c or pyarrow). Makes scores.txt (ENROL TEST target|nontarget SCORE), scores.npy (float32)
and labels.npy (uint8) in the folder at first. Commands: `read`, the seconds of read_csv on scores.txt; `sort`, those of NumPy's sort of
the scores; `figures`, EER, minDCF and Cllr of scores.npy by plain NumPy. Needs numpy and pandas; set OMP_NUM_THREADS=1 for one thread.
"""

import json
import sys
import time

import numpy as np
import pandas as pd

folder, trials, engine = sys.argv[1], int(sys.argv[2]), sys.argv[3]
BLOCK = 100_000


def make():
    rng = np.random.default_rng(0)
    labels = rng.random(trials) < 0.5
    scores = (rng.normal(size=trials) + 3 * labels - 1.5).astype(np.float32)
    np.save(f"{folder}/scores.npy", scores)
    np.save(f"{folder}/labels.npy", labels.astype(np.uint8))
    speakers = 40
    names = [f"id{10270 + i % speakers}/{i * 2654435761 % 2**44:011x}/{i % 90:05d}.wav" for i in range(4708)]
    with open(f"{folder}/scores.txt", "w") as file:
        for start in range(0, trials, BLOCK):
            block = slice(start, min(trials, start + BLOCK))
            sides = rng.integers(0, len(names), (2, block.stop - start)).tolist()
            rows = zip(*sides, labels[block].tolist(), scores[block].tolist())
            file.writelines(f"{names[a]} {names[b]} {'' if y else 'non'}target {s:.5f}\n" for a, b, y, s in rows)


def figures():
    scores, labels = np.load(f"{folder}/scores.npy"), np.load(f"{folder}/labels.npy").astype(bool)
    order = np.argsort(scores, kind="stable")
    ordered, hits = scores[order], labels[order]
    last = np.r_[ordered[1:] != ordered[:-1], True]
    miss = np.r_[0, np.cumsum(hits)[last] / labels.sum()]
    alarm = np.r_[1, 1 - np.cumsum(~hits)[last] / (~labels).sum()]
    after = np.argmax(miss >= alarm)
    before, behind = alarm[after - 1] - miss[after - 1], miss[after] - alarm[after]
    ratios = scores.astype(np.float64)
    return {
        "eer": miss[after - 1] + before / (before + behind) * (miss[after] - miss[after - 1]),
        "minDcf": float(min(1, np.min(0.01 * miss + 0.99 * alarm) / 0.01)),
        "cllr": (np.mean(np.logaddexp(0, -ratios[labels])) + np.mean(np.logaddexp(0, ratios[~labels]))) / 2 / np.log(2),
    }


def read():
    begin = time.perf_counter()
    table = pd.read_csv(f"{folder}/scores.txt", sep=" ", header=None, engine=engine)
    seconds = time.perf_counter() - begin
    assert len(table) == trials
    return {"seconds": seconds}


def sort():
    scores = np.load(f"{folder}/scores.npy")
    begin = time.perf_counter()
    scores.sort()
    return {"seconds": time.perf_counter() - begin}


make()
print(json.dumps({"pandas": pd.__version__, "numpy": np.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"read": read, "sort": sort, "figures": figures}[line.strip()]()), flush=True)
