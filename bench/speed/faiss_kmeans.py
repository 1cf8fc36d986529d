"""faiss' k-means, as bench/speed/kmeans.ts asks for it: reads commands on standard input, answers with one line of JSON each.

Arguments: points.npy, centroids.npy, cosine|l2, threads. Command: the number of iterations. Needs Linux, numpy and faiss-cpu.
"""

import json
import sys
import time

import faiss
import numpy as np

points_file, centroids_file, metric, threads = sys.argv[1:]
faiss.omp_set_num_threads(int(threads))
points, centroids = np.load(points_file), np.load(centroids_file)
if metric == "cosine":
    faiss.normalize_L2(points)
    faiss.normalize_L2(centroids)


def status_bytes(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def train(rows, niter):
    kmeans = faiss.Kmeans(
        rows.shape[1],
        len(centroids),
        niter=niter,
        spherical=metric == "cosine",
        max_points_per_centroid=len(points),
        min_points_per_centroid=1,
    )
    begin = time.perf_counter()
    kmeans.train(rows, init_centroids=centroids)
    return kmeans, time.perf_counter() - begin


# A first small run makes the threads.
train(points[: len(centroids)], 1)
# Lets the peak of resident memory start again from here.
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
standing = status_bytes("VmRSS")
print(json.dumps({"faiss": faiss.__version__}), flush=True)

for line in sys.stdin:
    kmeans, whole = train(points, int(line))
    stats = kmeans.iteration_stats
    answer = {
        "first": stats[0]["time"],
        "all": whole,
        # About the centres that the rows were assigned to; by cosine faiss adds up products.
        "inertia": 2 * len(points) - 2 * stats[-1]["obj"] if metric == "cosine" else stats[-1]["obj"],
        "grownBytes": status_bytes("VmHWM") - standing,
    }
    print(json.dumps(answer), flush=True)
