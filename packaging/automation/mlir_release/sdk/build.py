"""The provider ``build``: LLVM and MLIR compiled from the source, once per platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from mlir_release import inventory, launcher, log
from mlir_release.errors import UserError
from mlir_release.sdk import llvm_build, prefix
from mlir_release.sdk.cost import Cost, usable_cores
from mlir_release.sdk.cost import read as read_cost
from mlir_release.sdk.model import CannotServe, ProviderName, Sdk
from mlir_release.sdk.recipe import Recipe
from mlir_release.store import content_key, ensure_room, size_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlir_release.source import SourceTree
    from mlir_release.store import Store
    from mlir_release.toolchain import Toolchain

# The kind of its boxes in the store.
KIND = "sdk"
# In bytes. A build of LLVM 22 for one target, its prefix and its programs take 6 GB; more targets, more.
_ROOM = 10_000_000_000
# What a link of the largest programs, and a compilation, may take.
_LINK_MEMORY = {"lld": 2_000_000_000, "mold": 2_000_000_000}
_SLOW_LINKER_MEMORY = 5_000_000_000
_COMPILE_MEMORY = 1_200_000_000


@dataclass(frozen=True, kw_only=True)
class Build:
    """Compiles the source that ``tree`` brings with what ``toolchain`` brings, unless that has been done.

    ``compiler_launcher`` is a compiler cache by name, ``none``, or None for one that is on PATH.
    """

    tree: Callable[[], SourceTree]
    toolchain: Callable[[], Toolchain]
    recipe: Recipe = field(default_factory=Recipe)
    compiler_launcher: str | None = None
    name: ProviderName = ProviderName.BUILD

    def find(self, *, version: str, store: Store) -> Sdk | None:
        """The SDK, if it has been built already.

        Raises:
            CannotServe: files of it were changed since.
        """
        if not (store.root / KIND).is_dir():
            return None
        box = store.find(KIND, content_key(self._parts()))
        return self._sdk(box.path, version) if box else None

    def obtain(self, *, version: str, store: Store) -> Sdk:
        """The SDK, built now if it has not been: hours, in which a stop loses nothing.

        Raises:
            UserError: the machine has too little memory or room on its disk, or not the compiler cache.
            CannotServe: files of the one that was built were changed since.
            ToolFailed: it does not build.
        """
        # A mistake in its name is not to be found out after the source was fetched.
        launcher.find(self.compiler_launcher, store.root)
        parts = self._parts()
        key = content_key(parts)
        found = store.find(KIND, key)
        if not found:
            jobs = parallel_jobs(self.toolchain().linker)
            # What a stopped build has left needs no room again.
            needed = max(0, _ROOM - size_of(store.work_folder(KIND, key)))
            ensure_room(store.root, needed, "compiling LLVM and MLIR")
            found = store.obtain(KIND, parts, lambda work: self._make(work, store, jobs), resumable=True)
            log.summary(f"LLVM and MLIR {version}", _rows(found.path))
        return self._sdk(found.path, version)

    def _make(self, work: Path, store: Store, jobs: Jobs) -> None:
        cache = launcher.find(self.compiler_launcher, work)
        toolchain, tool_log = self.toolchain(), store.log_file("sdk")
        log.say(
            f"   compiling with {toolchain.name},"
            f" {f'through {cache.name}' if cache else 'without a compiler cache'};"
            f" linking {jobs.links} at once with {toolchain.linker or 'its own linker'};"
            f" the whole log is {tool_log}"
        )
        job = llvm_build.Job(
            tree=self.tree().path,
            toolchain=toolchain,
            recipe=self.recipe,
            launcher=cache,
            jobs=jobs.all,
            link_jobs=jobs.links,
            log=tool_log,
        )
        llvm_build.make(job, work)
        prefix.check_contents(prefix.read(work / llvm_build.PREFIX))
        inventory.write(work)

    def _parts(self) -> dict[str, Any]:
        """What the SDK is made from: with what cache it was compiled is not part of it."""
        # First what is known in seconds: a compiler that does not serve is said before the source is fetched.
        toolchain = dict(self.toolchain().key)
        return {
            "source": self.tree().key,
            "toolchain": toolchain,
            "recipe": self.recipe.parts(),
        }

    def _sdk(self, box: Path, version: str) -> Sdk:
        change = inventory.change(box)
        if change:
            raise CannotServe(
                f"the SDK in {box} was changed after it was built: {change}",
                "put that back, or delete the folder to have it built again",
            )
        found = prefix.read(box / llvm_build.PREFIX)
        return Sdk(
            provider=self.name,
            made_by=self.name,
            prefix=found.path,
            version=version,
            library_dir=found.library_dir,
            tools_dir=found.tools_dir,
            test_programs=box / llvm_build.PROGRAMS,
            key=box.name,
            description=f"LLVM and MLIR {found.version} compiled from the source, in {found.path}",
        )


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """How many programs may run at once, and how many of these may be linkers."""

    all: int
    links: int


def parallel_jobs(linker: str | None) -> Jobs:
    """What this machine's cores and free memory allow.

    Args:
        linker: ``lld``, ``mold``, or None for another.

    Raises:
        UserError: there is not memory enough for one link.
    """
    cores = usable_cores()
    free = psutil.virtual_memory().available
    per_link = _LINK_MEMORY.get(linker or "", _SLOW_LINKER_MEMORY)
    if free < per_link:
        raise UserError(
            f"linking LLVM needs {per_link / 1e9:.0f} GB of memory and {free / 1e9:.1f} GB are free:"
            " end other programs, or use lld (clang) or mold, which need less"
        )
    return Jobs(all=max(1, min(cores, free // _COMPILE_MEMORY)), links=min(cores, free // per_link))


def cost_of(sdk: Sdk) -> Cost:
    """What an SDK of this provider has cost to make."""
    return read_cost(sdk.prefix.parent / llvm_build.COST)


def _rows(box: Path) -> list[tuple[str, str]]:
    """What the build was like, for its summary."""
    spent = read_cost(box / llvm_build.COST)
    made = box / llvm_build.PREFIX
    return [*spent.rows(), ("prefix", f"{size_of(made) / 1e6:.0f} MB in {made}")]
