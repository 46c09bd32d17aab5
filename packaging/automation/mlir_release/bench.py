"""How long things take on this machine, as ratios within one run: ``docs/benchmarks.md``."""

from __future__ import annotations

import dataclasses
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mlir_release import log
from mlir_release.store import write_atomically
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST, _SECOND = "3.11", "3.9"
_PAGE = """\
# Benchmarks

Written by `nox -s bench`, which builds wheels in an empty cache, one after the other. Ratios are to the
first line of the same run: they tell more than seconds, which are this machine's.

Machine: {machine}. LLVM {llvm}, SDK `{sdk}`.

| step | seconds | ratio |
| --- | ---: | ---: |
{rows}
The repaired wheels are {sizes} MB.
"""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A step and its wall time in seconds."""

    step: str
    seconds: float


def run(flow: Workflow, page: Path) -> None:
    """Measure, and write the page.

    Args:
        flow: the run that is asked for; its cache is not used, so that nothing is at hand.
        page: the file to write.
    """
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-bench-") as folder:
        options = dataclasses.replace(
            flow.options, cache=Path(folder) / "cache", wheelhouse=Path(folder) / "wheelhouse"
        )
        fresh = Workflow(flow.root, options)
        timings = [
            _timed(f"`build-{_FIRST}` from nothing: source, compile, repair", lambda: fresh.build(_FIRST)),
            _timed(
                f"`build-{_FIRST}` again, nothing changed", lambda: Workflow(flow.root, options).build(_FIRST)
            ),
            _timed(
                f"`build-{_SECOND}`, one more interpreter",
                lambda: Workflow(flow.root, options).build(_SECOND),
            ),
        ]
        sizes = [wheel.stat().st_size / 1e6 for wheel in sorted(options.wheelhouse.glob("*.whl"))]
        write_atomically(page, _written(fresh, timings, sizes))
    log.say(f"   written to {page}")


def _timed(step: str, work: Callable[[], object]) -> Timing:
    start = time.monotonic()
    work()
    return Timing(step=step, seconds=time.monotonic() - start)


def _written(flow: Workflow, timings: list[Timing], sizes: list[float]) -> str:
    first = timings[0].seconds
    return _PAGE.format(
        machine=f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores",
        llvm=flow.tree.version,
        sdk=flow.sdk.provider,
        rows="".join(f"| {it.step} | {it.seconds:.1f} | {it.seconds / first:.3f} |\n" for it in timings),
        sizes=" and ".join(f"{size:.1f}" for size in sizes),
    )
