from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from mlir_release.run import run
from mlir_release.sdk import cost
from mlir_release.sdk.cost import Cost

if TYPE_CHECKING:
    from pathlib import Path

# Half a second of processor time and 100 MB, in a process that a child of ours starts and waits for.
WORK = """
import subprocess, sys
inner = '''
import time
memory = bytearray(100_000_000)
while time.process_time() < 0.5: pass
time.sleep(0.5)
'''
subprocess.run([sys.executable, "-c", inner], check=True)
"""


def test_what_a_process_of_a_process_takes_is_counted_over_all_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "_INTERVAL", 0.05)
    for _ in range(2):
        with cost.measured(tmp_path / "cost.json") as meter:
            run([sys.executable, "-c", WORK], quiet=True)
            for line in ("[1/2] Building a.o\n", "warning: [1/2] no step\n", "[2/2] Linking b\n"):
                meter(line)
            meter.count_hits(1)
    spent = cost.read(tmp_path / "cost.json")
    assert (spent.steps, spent.cache_hits, spent.runs) == (4, 2, 2)
    assert 0.9 < spent.cpu_seconds < 20
    assert spent.wall_seconds >= 2.0
    assert 100_000_000 < spent.peak_memory < 2_000_000_000


def test_a_killed_run_leaves_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_INTERVAL", 0.01)
    with cost.measured(tmp_path / "cost.json"):
        end = time.monotonic() + 10
        # Not at the end alone: what a kill prevents.
        while not cost.read(tmp_path / "cost.json").runs and time.monotonic() < end:
            time.sleep(0.01)
        assert cost.read(tmp_path / "cost.json").runs == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cpu": 1}'])
def test_a_damaged_file_counts_as_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "cost.json").write_text(text)
    assert cost.read(tmp_path / "cost.json") == Cost()


def test_the_summary_has_units() -> None:
    spent = Cost(
        cpu_seconds=20123.4, wall_seconds=10800, steps=4739, cache_hits=20, peak_memory=3_100_000_000, runs=2
    )
    assert spent.rows() == [
        ("CPU time", "20123 s"),
        ("wall time", "3 h 0 min in 2 run(s)"),
        ("steps", "4739, of which 20 came from a compiler cache"),
        ("peak memory", "3.1 GB"),
    ]
