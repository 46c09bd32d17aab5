"""An LLVM and MLIR to build bindings against: headers, static libraries, CMake package, tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.sdk.model import CannotServe, Provider, ProviderName, Sdk
from mlir_release.sdk.system import System, compile_hours, how_to_get

if TYPE_CHECKING:
    from mlir_release.store import Store

__all__ = ["AUTO", "CannotServe", "Provider", "ProviderName", "Sdk", "obtain"]

AUTO = "auto"
# In the order in which "auto" asks them.
_PROVIDERS: tuple[Provider, ...] = (System(),)


def obtain(choice: str, *, version: str, store: Store) -> Sdk:
    """The SDK that the user chose, or the first that can serve; says which, and why.

    Args:
        choice: ``auto``, the name of a provider, or the prefix of an installed MLIR.
        version: the LLVM version that it must have (``22.1.8``).
        store: where logs, and what a provider makes, are kept.

    Raises:
        CannotServe: it is not there, does not fit, or compiling it is all that is left.
        ToolFailed: installing it failed.
    """
    named = {str(provider.name): provider for provider in _PROVIDERS}
    if choice == AUTO:
        return _first(version, store)
    provider = named.get(choice) or System(prefix=Path(choice))
    return _said(provider.obtain(version=version, store=store), "as --sdk says")


def _first(version: str, store: Store) -> Sdk:
    """The SDK of the first provider that can serve."""
    reasons = []
    for provider in _PROVIDERS:
        try:
            sdk = provider.obtain(version=version, store=store)
        except CannotServe as refusal:
            reasons.append(f"{provider.name}: {refusal.reason}")
        else:
            return _said(sdk, "; ".join(["the first that can serve", *reasons]))
    raise CannotServe(
        f"no MLIR {version} is at hand ({'; '.join(reasons)}), and compiling one takes {compile_hours()}",
        how_to_get(version),
    )


def _said(sdk: Sdk, why: str) -> Sdk:
    log.say(f"   SDK: {sdk.provider}, {sdk.description} ({why})")
    return sdk
