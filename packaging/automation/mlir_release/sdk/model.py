"""What an SDK is, and what everything that can bring one looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store


class ProviderName(StrEnum):
    """Where an SDK comes from; only what was made from one that was built may be published."""

    BUILD = "build"
    WHEEL = "wheel"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """An LLVM and MLIR of one version, ready to build against.

    ``provider`` brought it, and ``made_by`` made it: of an SDK in a wheel, what that says; ``prefix`` is the
    folder that ``lib/cmake/mlir`` is in; ``library_dir`` and ``tools_dir`` hold the static libraries and the
    programs; ``version`` is LLVM's; ``test_programs`` has what only upstream's own tests run (``bin``,
    ``unittests``), where that was built; ``key`` changes whenever the content does; ``description`` is for
    people.
    """

    provider: ProviderName
    made_by: ProviderName
    prefix: Path
    version: str
    library_dir: Path
    tools_dir: Path
    test_programs: Path | None = None
    key: str
    description: str


class CannotServe(UserError):
    """A provider has no SDK for us.

    ``reason`` says why, ``advice`` what to do about it; each is part of one line.
    """

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(f"{reason}; {advice}")


class Provider(Protocol):
    """Something that can bring an SDK."""

    @property
    def name(self) -> ProviderName:
        """Which of the providers it is."""

    def find(self, *, version: str, store: Store) -> Sdk | None:
        """An SDK of exactly this LLVM version that is there already: nothing is made or installed.

        Raises:
            CannotServe: there is one that must not be used.
        """

    def obtain(self, *, version: str, store: Store) -> Sdk:
        """An SDK of exactly this LLVM version.

        Raises:
            CannotServe: it has none, found out cheaply.
            ToolFailed: it should have had one, and a tool failed on the way.
        """
