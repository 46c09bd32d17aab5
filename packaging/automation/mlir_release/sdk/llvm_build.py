"""Compiling LLVM and MLIR: from a source tree to a prefix, in steps that a stop does not undo.

In the folder of work::

    source        a link to the tree, so that compiler caches do not see that trees move
    build/        CMake's and ninja's; removed at the end
    prefix/       what is installed
    programs/     what only upstream's own tests run
    cost.json     what it has cost so far
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import ReleaseError
from mlir_release.run import run
from mlir_release.sdk import cost, outside
from mlir_release.sdk.recipe import Recipe, tool_settings
from mlir_release.store import remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlir_release.launcher import Launcher
    from mlir_release.toolchain import Toolchain

PREFIX = "prefix"
PROGRAMS = "programs"
COST = "cost.json"
_BUILD = "build"
_SOURCE = "source"
_INSTALL_TARGET = re.compile(r"^build install-(\S+?)(?:-stripped)?: phony", re.MULTILINE)
_TARGET = re.compile(r"^build ([^\s/]+): phony", re.MULTILINE)
_LIBRARY = re.compile(r"(?:lib)?(\w+)\.(?:a|lib|so|dylib|dll)")
# Of the MLIR libraries, those of which the objects are installed too (AddMLIR.cmake, ENABLE_AGGREGATION).
_OBJECTS = "obj."


class NotRelocatable(ReleaseError):
    """A file of an installed prefix names the folder that it was built in."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One build of LLVM and MLIR.

    ``tree`` is the root of llvm-project; ``jobs`` and ``link_jobs`` are how many
    programs run at once; ``log`` gets the tools' whole output.
    """

    tree: Path
    toolchain: Toolchain
    recipe: Recipe
    launcher: Launcher | None
    jobs: int
    link_jobs: int
    log: Path


def make(job: Job, work: Path) -> None:
    """Fill the folder of work with a prefix and the programs of the tests, going on with what is there.

    Raises:
        ToolFailed: it does not configure, compile or install.
        NotRelocatable: the result cannot be moved.
    """
    with cost.measured(work / COST) as meter:
        _compile(job, work, meter)
        with log.stage("install"):
            _install(job, work)
    _check_relocatable(work)
    _keep_programs(work)
    for done in sorted({*work.iterdir()} - {work / kept for kept in (PREFIX, PROGRAMS, COST)}):
        remove(done)


def _compile(job: Job, work: Path, meter: cost.Meter) -> None:
    if _source(job, work) != job.tree:
        remove(work / _SOURCE)
        (work / _SOURCE).symlink_to(job.tree, target_is_directory=True)
    before = job.launcher.rate() if job.launcher else None
    with log.stage("configure"):
        _configure(job, work)
    progress = log.Progress()

    def on_line(line: str) -> None:
        meter(line)
        progress(line)

    with log.stage("compile"):
        _build(job, work, *job.recipe.cmake_targets, on_line=on_line)
    if job.launcher and before:
        rate = job.launcher.rate() - before
        log.say(f"   {job.launcher.name}: {rate} compilations came from the cache")
        meter.count_hits(rate.hits)


def _configure(job: Job, work: Path, *components: str) -> None:
    """Run CMake; once everything is built, a second time with the components to install."""
    settings = {
        # Not in the content key: they follow from the source, which is.
        **outside.settings(job.tree),
        **job.recipe.settings(),
        **tool_settings(
            job.toolchain,
            python=sys.executable,
            launcher=job.launcher.program if job.launcher else None,
            link_jobs=job.link_jobs,
        ),
        "CMAKE_INSTALL_PREFIX": (work / PREFIX).as_posix(),
        "LLVM_DISTRIBUTION_COMPONENTS": ";".join(components),
    }
    definitions = [f"-D{name}={value}" for name, value in settings.items()]
    source = _source(job, work) / "llvm"
    command: list[str | Path] = ["cmake", "-G", "Ninja", "-S", source, "-B", work / _BUILD]
    run([*command, *definitions], env=_environment(job), log=job.log, isolated=True)


def _source(job: Job, work: Path) -> Path:
    """The source as CMake sees it: the link; on Windows, where few may make links, the tree itself."""
    return job.tree if sys.platform == "win32" else work / _SOURCE


def _build(job: Job, work: Path, *targets: str, on_line: Callable[[str], None]) -> None:
    command: list[str | Path] = ["cmake", "--build", work / _BUILD, "--parallel", str(job.jobs), "--target"]
    run([*command, *targets], env=_environment(job), log=job.log, on_line=on_line, isolated=True)


def _environment(job: Job) -> dict[str, str | None]:
    return {**job.toolchain.variables, **(job.launcher.environment() if job.launcher else {})}


def _install(job: Job, work: Path) -> None:
    """Install what was built: of LLVM, only what the targets needed has been."""
    _configure(job, work, *job.recipe.components, *_components(work / _BUILD))
    remove(work / PREFIX)
    _build(job, work, "install-distribution-stripped", on_line=log.Progress())


def _components(build: Path) -> list[str]:
    """The install components of everything that has been built."""
    ninja = (build / "build.ninja").read_text(encoding="utf-8")
    installable = set(_INSTALL_TARGET.findall(ninja))
    libraries = {found[1] for path in (build / "lib").iterdir() if (found := _LIBRARY.fullmatch(path.name))}
    programs = {path.stem for path in (build / "bin").iterdir()}
    built = libraries | {f"{_OBJECTS}{library}" for library in libraries} | programs
    # Libraries that are nothing but headers are no target of ninja's; others link to them.
    headers = installable - set(_TARGET.findall(ninja))
    return sorted((built | headers) & installable)


def _check_relocatable(work: Path) -> None:
    """See that no CMake file in the prefix names the folder of work; raises ``NotRelocatable``."""
    telltale = work.as_posix()  # as CMake writes it on Windows, too
    for file in sorted((work / PREFIX).rglob("*.cmake")):
        if telltale in file.read_text(encoding="utf-8", errors="replace"):
            raise NotRelocatable(f"{file} names the folder that it was built in; it cannot be moved")


def _keep_programs(work: Path) -> None:
    """Move the programs that are not installed, and the unit tests, out of the build folder."""
    build, installed = work / _BUILD, work / PREFIX / "bin"
    for program in sorted((build / "bin").iterdir()):
        if program.is_file() and not (installed / program.name).exists():
            _move(program, work / PROGRAMS / "bin" / program.name)
    unittests = build / "tools" / "mlir" / "unittests"
    for program in sorted(unittests.rglob("*Tests*")):
        # lit finds them in folders of their own (mlir/test/Unit/lit.cfg.py).
        if program.is_file() and program.stem.endswith("Tests"):
            _move(program, work / PROGRAMS / "unittests" / program.relative_to(unittests))


def _move(program: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    program.replace(place)
