"""factor_analyzer as a peer that waits, with the protocol of peer.R; runs in an environment of its own.

It needs scikit-learn before 1.6: newer ones dropped an argument that factor_analyzer 0.5.1 passes.
"""

import sys
import time
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
try:
    import numpy as np
    import sklearn
    from factor_analyzer import FactorAnalyzer
except ImportError:
    print("absent")
    sys.exit()

print(f"ready\tfactor_analyzer {version('factor-analyzer')}, scikit-learn {sklearn.__version__}", flush=True)
held = {}
for line in sys.stdin:
    task, path, k, _ = line.rstrip("\n").split("\t")
    if task not in ("uls", "ml"):
        print("none", flush=True)
        continue
    if path not in held:
        held[path] = np.loadtxt(path, delimiter=",", skiprows=1)
    method = "minres" if task == "uls" else "ml"
    try:
        started = time.perf_counter()
        FactorAnalyzer(n_factors=int(k), method=method, rotation="oblimin").fit(held[path])
        print(f"{time.perf_counter() - started:.6f}", flush=True)
    except Exception:
        print("failed", flush=True)
