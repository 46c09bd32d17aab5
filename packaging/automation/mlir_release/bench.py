"""What things cost on this machine, as ratios within one run: ``docs/benchmarks.md``."""

from __future__ import annotations

import dataclasses
import platform
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

import psutil

from mlir_release import log, written_part
from mlir_release.sdk import ProviderName
from mlir_release.sdk.build import cost_of
from mlir_release.store import size_of
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlir_release.options import Options
    from mlir_release.sdk.cost import Cost

_FIRST, _SECOND = "3.11", "3.9"
_MACHINE = "Machine: {machine}. LLVM {llvm}, SDK `{sdk}`.\n"
_COMPILED = """
## LLVM and MLIR from source

What `nox -s sdk` took, summed over its runs if it was stopped and went on; and the same commit again in an
empty folder, with the compiler cache as the first left it.

| build | CPU seconds | ratio | wall time | steps | from the cache | peak memory | prefix |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}"""
_TIMES = """
## From an SDK to wheels

Built one after the other, in a cache that has nothing but the SDK.

| step | seconds | ratio |
| --- | ---: | ---: |
{rows}"""
_SIZES = """
## What is in the wheels

In MB (10^6 bytes), as packed in the wheel.

| wheel | all | {kinds} |
| --- | ---: | {line} |
{rows}"""
# What a file of a wheel is, by its suffix.
_KINDS = {
    "static libraries": {".a", ".lib"},
    "objects": {".o", ".obj"},
    "shared libraries": {".so", ".dylib", ".dll", ".pyd"},
    "headers": {".h", ".def", ".inc", ".td", ".gen"},
    "Python": {".py", ".pyi"},
}
_PROGRAMS, _OTHER = "programs", "other"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A step and its wall time in seconds."""

    step: str
    seconds: float


def run(flow: Workflow, page: Path) -> None:
    """Measure, and write the page.

    Args:
        flow: the run that is asked for; of its cache, only an SDK that was compiled is used.
        page: the file that has a part for it.
    """
    compiled = flow.sdk.provider is ProviderName.BUILD
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-bench-") as folder:
        options = dataclasses.replace(
            flow.options, cache=Path(folder) / "cache", wheelhouse=Path(folder) / "wheelhouse"
        )
        parts = [_compiling(flow, options)] if compiled else []
        parts += [_times(flow, options, compiled=compiled), _sizes(options.wheelhouse)]
    machine = f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores"
    head = _MACHINE.format(
        machine=machine,
        llvm=flow.tree.version,
        sdk=flow.sdk.provider,
    )
    written_part.replace(page, "bench", "".join([head, *parts]))
    log.say(f"   written to {page}")


def _compiling(flow: Workflow, options: Options) -> str:
    """The table of the SDK that was compiled, and of a second one from the compiler's cache."""
    first = cost_of(flow.sdk)
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-bench-") as folder:
        again = dataclasses.replace(options, cache=Path(folder), sdk=ProviderName.BUILD)
        second = Workflow(flow.root, again).sdk
        rows = [
            _cost_row("as it was made", first, first, flow.sdk.prefix),
            _cost_row("again", cost_of(second), first, second.prefix),
        ]
    return _COMPILED.format(rows="".join(rows))


def _cost_row(name: str, cost: Cost, first: Cost, prefix: Path) -> str:
    cells = [
        name,
        f"{cost.cpu_seconds:.0f}",
        f"{cost.cpu_seconds / first.cpu_seconds:.3f}",
        log.duration(cost.wall_seconds),
        str(cost.steps),
        str(cost.cache_hits),
        f"{cost.peak_memory / 1e9:.1f} GB",
        f"{size_of(prefix) / 1e6:.0f} MB",
    ]
    return f"| {' | '.join(cells)} |\n"


def _times(flow: Workflow, options: Options, *, compiled: bool) -> str:
    """The table of the wheels' builds, which are then in the wheelhouse."""
    assert options.cache
    options.cache.mkdir()
    if compiled:
        (options.cache / "sdk").symlink_to(flow.store.root / "sdk", target_is_directory=True)
        Workflow(flow.root, options).package_sdk()

    def build(version: str) -> Callable[[], object]:
        return lambda: Workflow(flow.root, options).build(version)

    steps = {
        f"`build-{_FIRST}`: source, what all interpreters share, compile, repair": build(_FIRST),
        f"`build-{_FIRST}` again, nothing changed": build(_FIRST),
        f"`build-{_SECOND}`, one more interpreter": build(_SECOND),
    }
    timings = [_timed(step, work) for step, work in steps.items()]
    first = timings[0].seconds
    rows = (f"| {it.step} | {it.seconds:.1f} | {it.seconds / first:.3f} |\n" for it in timings)
    return _TIMES.format(rows="".join(rows))


def _timed(step: str, work: Callable[[], object]) -> Timing:
    start = time.monotonic()
    work()
    return Timing(step=step, seconds=time.monotonic() - start)


def _sizes(wheelhouse: Path) -> str:
    """The table of what the wheels consist of."""
    kinds = [*_KINDS, _PROGRAMS, _OTHER]
    rows = []
    for wheel in sorted(wheelhouse.glob("*.whl")):
        packed = _packed(wheel)
        cells = [
            wheel.name,
            f"{wheel.stat().st_size / 1e6:.1f}",
            *(_megabytes(packed[kind]) for kind in kinds),
        ]
        rows.append(f"| {' | '.join(cells)} |\n")
    return _SIZES.format(kinds=" | ".join(kinds), line=" | ".join("---:" for _ in kinds), rows="".join(rows))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}" if size else ""


def _packed(wheel: Path) -> Counter[str]:
    """The packed bytes of each kind of file."""
    found: Counter[str] = Counter()
    with ZipFile(wheel) as archive:
        for member in archive.infolist():
            # Programs have no suffix of their own; that they may be executed is in the mode.
            program = member.external_attr >> 16 & 0o111 and "." not in PurePosixPath(member.filename).name
            found[_PROGRAMS if program else _kind(member.filename)] += member.compress_size
    return found


def _kind(name: str) -> str:
    suffixes = set(PurePosixPath(name).suffixes)
    return next((kind for kind, those in _KINDS.items() if suffixes & those), _OTHER)
