"""What ``--sdk`` can say: a provider, or the place of an SDK, from which the provider follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from mlir_release.errors import UserError
from mlir_release.sdk.model import ProviderName

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The SDK that the user wants.

    ``provider`` is None for the first that can serve; ``prefix`` an installed MLIR, ``wheel`` the file
    of an SDK's wheel, or its version on an index.
    """

    provider: ProviderName | None = None
    prefix: Path | None = None
    wheel: Path | Version | None = None

    @property
    def is_version(self) -> bool:
        """Whether it is to be taken from an index."""
        return isinstance(self.wheel, Version)


def read(text: str) -> Choice:
    """What a text means: ``auto``, ``build``, ``system``, a wheel file, a version or a prefix.

    A folder whose name reads as a version is written ``./22.1.8``.

    Raises:
        UserError: it cannot be meant.
    """
    if text == AUTO:
        return Choice()
    if text in (ProviderName.BUILD, ProviderName.SYSTEM):
        return Choice(provider=ProviderName(text))
    if text in ("", ProviderName.WHEEL):
        raise UserError(f"--sdk {text} does not say which: name a wheel file, a version, or a folder")
    if text.endswith(".whl"):
        return Choice(provider=ProviderName.WHEEL, wheel=Path(text))
    try:
        return Choice(provider=ProviderName.WHEEL, wheel=Version(text))
    except InvalidVersion:
        return Choice(provider=ProviderName.SYSTEM, prefix=Path(text))
