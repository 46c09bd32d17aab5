"""What a build costs: processor time, wall time, steps and memory, over all runs that it took.

Looked at from outside every few seconds, so that also a build that is killed
leaves its figures behind, short of those few seconds.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import psutil

from mlir_release import log
from mlir_release.store import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INTERVAL = 5.0
# LLVM's and MLIR's part for one target: 7,000 and 13,000 s, measured with clang on LLVM 22.
_COMPILE_CPU_SECONDS = 20_000
_STEP = re.compile(r"^\[(\d+)/\d+\] ")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU and wall time in seconds, finished steps, the highest memory of all processes together in bytes.

    ``cache_hits`` are the compilations that a compiler cache saved; in a cold build there are none.
    """

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    steps: int = 0
    cache_hits: int = 0
    peak_memory: int = 0
    runs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            wall_seconds=self.wall_seconds + other.wall_seconds,
            steps=self.steps + other.steps,
            cache_hits=self.cache_hits + other.cache_hits,
            peak_memory=max(self.peak_memory, other.peak_memory),
            runs=self.runs + other.runs,
        )

    def rows(self) -> list[tuple[str, str]]:
        """For a summary."""
        return [
            ("CPU time", f"{self.cpu_seconds:.0f} s"),
            ("wall time", f"{log.duration(self.wall_seconds)} in {self.runs} run(s)"),
            ("steps", f"{self.steps}, of which {self.cache_hits} came from a compiler cache"),
            ("peak memory", f"{self.peak_memory / 1e9:.1f} GB"),
        ]


def usable_cores() -> int:
    """How many of this machine's cores we may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def compile_hours() -> str:
    """How long this machine takes to compile LLVM and MLIR, with the cores that we may use."""
    cores = usable_cores()
    return f"about {_COMPILE_CPU_SECONDS / cores / 3600:.1f} hours on this machine's {cores} core(s)"


def read(file: Path) -> Cost:
    """What has been measured so far; nothing, if the file is not there or not whole."""
    try:
        return Cost(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Cost()


class Meter:
    """Measures the programs that this process has started."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before = read(file)
        self._start = time.monotonic()
        self._cpu_before = _cpu_seconds(_family())
        self._now = Cost(runs=1)
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        """Count a line of ninja's output; its count begins anew with every run of ninja."""
        if _STEP.match(line):
            with self._lock:
                self._now = replace(self._now, steps=self._now.steps + 1)

    def count_hits(self, hits: int) -> None:
        """Note how many compilations a cache saved in this run."""
        with self._lock:
            self._now = replace(self._now, cache_hits=hits)

    def look(self) -> None:
        """Measure now, and write down the sum of all runs."""
        family = _family()
        with self._lock:
            self._now = replace(
                self._now,
                cpu_seconds=max(self._now.cpu_seconds, _cpu_seconds(family) - self._cpu_before),
                wall_seconds=time.monotonic() - self._start,
                peak_memory=max(self._now.peak_memory, sum(_memory(process) for process in family[1:])),
            )
            write_atomically(self._file, json.dumps(asdict(self._before + self._now)) + "\n")


@contextmanager
def measured(file: Path) -> Iterator[Meter]:
    """Measure what is started meanwhile, and add it to what the file says of earlier runs.

    Args:
        file: JSON of a ``Cost``; made when it is not there.

    Yields:
        what takes the lines of ninja's output, for the count of steps.
    """
    meter, ended = Meter(file), threading.Event()

    def watch() -> None:
        while not ended.wait(_INTERVAL):
            meter.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        ended.set()
        thread.join()
        meter.look()


def _family() -> list[psutil.Process]:
    """This process, and all that it started and that still run."""
    process = psutil.Process()
    return [process, *process.children(recursive=True)]


def _cpu_seconds(family: list[psutil.Process]) -> float:
    """What they have used, and what those had used that they have waited for."""
    return sum(_process_seconds(process) for process in family)


def _process_seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        # The times of children are not known on every system.
        waited_for = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        return float(times.user + times.system + waited_for)
    return 0.0


def _memory(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
