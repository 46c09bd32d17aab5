"""An LLVM and MLIR to build against: headers, static libraries, CMake package, tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.sdk.choice import AUTO, Choice
from mlir_release.sdk.choice import read as read_choice
from mlir_release.sdk.cost import compile_hours
from mlir_release.sdk.model import CannotServe, Provider, ProviderName, Sdk
from mlir_release.sdk.system import how_to_get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.store import Store

__all__ = ["AUTO", "CannotServe", "Choice", "Provider", "ProviderName", "Sdk", "obtain", "read_choice"]

_COMPILE = "`nox -s sdk` compiles one"


def obtain(providers: Sequence[Provider], *, chosen: ProviderName | None, version: str, store: Store) -> Sdk:
    """The SDK of the provider that the user chose, or of the first that can serve; says which, and why.

    Args:
        providers: in the order in which they are asked.
        chosen: one of them; None for the first that can serve.
        version: the LLVM version that it must have (``22.1.8``).
        store: where logs, and what a provider makes, are kept.

    Raises:
        CannotServe: it is not there, does not fit, or compiling it is all that is left.
        ToolFailed: installing or compiling it failed.
    """
    if chosen is None:
        return _first(providers, version, store)
    (provider,) = (it for it in providers if it.name is chosen)
    return _said(provider.obtain(version=version, store=store), "as --sdk says")


def _first(providers: Sequence[Provider], version: str, store: Store) -> Sdk:
    """The first that is there already, else the first that can be brought in minutes."""
    reasons: list[str] = []
    found = _ready(providers, version, store) or _brought(providers, version, store, reasons)
    if found:
        return _said(found, "the first that can serve")
    if [provider.name for provider in providers] == [ProviderName.BUILD]:
        raise CannotServe(
            f"no MLIR {version} of these options has been compiled",
            f"`nox -s sdk` with the same options compiles one, in {compile_hours()}",
        )
    raise CannotServe(
        f"no MLIR {version} is at hand ({'; '.join(reasons)})",
        f"{how_to_get(version)}; {_COMPILE}, in {compile_hours()}",
    )


def _ready(providers: Sequence[Provider], version: str, store: Store) -> Sdk | None:
    for provider in providers:
        try:
            found = provider.find(version=version, store=store)
        except CannotServe as refusal:
            log.say(f"   passed over: {refusal}")
            continue
        if found:
            return found
    return None


def _brought(providers: Sequence[Provider], version: str, store: Store, reasons: list[str]) -> Sdk | None:
    """The first that can be brought; ``reasons`` gets a line for each that cannot."""
    for provider in providers:
        if provider.name is ProviderName.BUILD:
            # Hours of work are not begun unless somebody asks for them.
            reasons.append(f"{provider.name}: none has been compiled")
            continue
        try:
            return provider.obtain(version=version, store=store)
        except CannotServe as refusal:
            reasons.append(f"{provider.name}: {refusal.reason}")
    return None


def _said(sdk: Sdk, why: str) -> Sdk:
    log.say(f"   SDK: {sdk.provider}, {sdk.description} ({why})")
    return sdk
