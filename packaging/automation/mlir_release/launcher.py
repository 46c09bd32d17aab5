"""Compiler caches: which one starts the compiler, what it is told, and how often it hit.

A build tree moves with its content key, so paths must not count: ccache
rewrites what lies below ``CCACHE_BASEDIR`` relative to the build folder, and
``CCACHE_NOHASHDIR`` leaves that folder itself out (ccache's manual, "Compiling
in different directories"); ``SCCACHE_BASEDIRS`` is sccache's word for it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = "none"
# In the order in which they are looked for.
KNOWN = ("sccache", "ccache")
# What ccache's statistics log calls a compilation that it saved, and one that it did not.
_HITS = ("direct_cache_hit", "preprocessed_cache_hit")
_MISS = "cache_miss"


@dataclass(frozen=True, kw_only=True)
class HitRate:
    """How many compilations the cache saved, and how many it did not."""

    hits: int
    misses: int

    def __sub__(self, other: HitRate) -> HitRate:
        return HitRate(hits=self.hits - other.hits, misses=self.misses - other.misses)

    def __str__(self) -> str:
        total = self.hits + self.misses
        return f"{self.hits} of {total} ({self.hits / total:.0%})" if total else "asked for nothing"


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """A compiler cache, and the folder whose place must not count."""

    program: Path
    base: Path

    @property
    def name(self) -> str:
        """``ccache`` or ``sccache``."""
        return self.program.stem

    def environment(self) -> dict[str, str]:
        """Variables for the build; what the user has set already stays."""
        if self.name == "sccache":
            return {"SCCACHE_BASEDIRS": os.environ.get("SCCACHE_BASEDIRS", str(self.base))}
        return {
            "CCACHE_BASEDIR": os.environ.get("CCACHE_BASEDIR", str(self.base)),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_STATSLOG": str(self._statistics),
        }

    def rate(self) -> HitRate:
        """What the cache has done so far; the difference of two is what it did between them."""
        if self.name == "sccache":
            counts = self._sccache_counts()
            return HitRate(hits=counts["cache_hits"], misses=counts["cache_misses"])
        results = Counter(_lines(self._statistics))
        return HitRate(hits=sum(results[name] for name in _HITS), misses=results[_MISS])

    @property
    def _statistics(self) -> Path:
        return self.base / "ccache-statistics.log"

    def _sccache_counts(self) -> Counter[str]:
        answer = run([self.program, "--show-stats", "--stats-format=json"], check=False, quiet=True)
        try:
            stats: Mapping[str, Any] = json.loads(answer.output)["stats"]
        except (ValueError, KeyError):
            return Counter()
        return Counter({name: sum(stats[name]["counts"].values()) for name in ("cache_hits", "cache_misses")})


def find(choice: str | None, base: Path) -> Launcher | None:
    """The compiler cache to use.

    Args:
        choice: a program by name or path, ``none``, or None for the first that is on PATH.
        base: the folder that a build lies in, and that the next one may have another name for.

    Raises:
        UserError: there is no such program, or it is no compiler cache that we know.
    """
    if choice == NONE:
        return None
    for name in [choice] if choice else KNOWN:
        program = shutil.which(name)
        if program and Path(program).stem in KNOWN:
            return Launcher(program=Path(program).absolute(), base=base)
    if choice:
        raise UserError(
            f"{choice!r}, given as the compiler launcher, is not on this machine or is neither of"
            f" {', '.join(KNOWN)}; install it, or build without one: --launcher {NONE}"
        )
    return None


def _lines(file: Path) -> list[str]:
    """The results in a statistics log; lines with # name the files that were compiled."""
    if not file.is_file():
        return []
    return [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
