"""Which provider is asked for the SDK."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

import samples
from mlir_release import sdk
from mlir_release.errors import UserError
from mlir_release.sdk import CannotServe, Choice, ProviderName, Sdk
from mlir_release.sdk.build import Build
from mlir_release.sdk.system import System
from samples import NO_PLACE as VERSION

if TYPE_CHECKING:
    from tests.unit.conftest import Machine

    from mlir_release.store import Store


@pytest.mark.usefixtures("machine")
def test_only_a_compile_is_left_and_is_not_begun(store: Store) -> None:
    def never() -> Any:
        raise AssertionError

    providers = (Build(tree=never, toolchain=never), System())
    with pytest.raises(CannotServe) as caught:
        sdk.obtain(providers, chosen=None, version=VERSION, store=store)
    line = str(caught.value)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert cores
    assert line.startswith("no MLIR 99.1.0 is at hand (build: none has been compiled; system: no MLIR is ")
    hours = f"about {20_000 / cores / 3600:.1f} hours on this machine's {cores} core(s)"
    assert line.endswith(f"; `nox -s sdk` compiles one, in {hours}")


@dataclass(frozen=True)
class Compiled:
    """A provider that has compiled something, which may not be used any more."""

    usable: bool
    name: ProviderName = ProviderName.BUILD

    def find(self, *, version: str, store: Store) -> Sdk | None:
        assert (version, store.root.name) == (VERSION, "store")
        if not self.usable:
            raise CannotServe("the SDK was changed", "delete it")
        return samples.sdk(store.root, self.name)

    def obtain(self, *, version: str, store: Store) -> Sdk:
        raise AssertionError((version, store))


def test_what_was_compiled_comes_first(
    machine: Machine, prefix: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.program("llvm-config", f"echo {prefix}")
    found = sdk.obtain((Compiled(usable=True), System()), chosen=None, version=VERSION, store=store)
    assert found.provider is ProviderName.BUILD
    found = sdk.obtain((Compiled(usable=False), System()), chosen=None, version=VERSION, store=store)
    assert found.provider is ProviderName.SYSTEM
    assert "   passed over: the SDK was changed; delete it\n" in capsys.readouterr().out


# What --sdk says.


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("auto", Choice()),
        ("build", Choice(provider=ProviderName.BUILD)),
        ("system", Choice(provider=ProviderName.SYSTEM)),
        ("/usr/lib/llvm-22", Choice(provider=ProviderName.SYSTEM, prefix=Path("/usr/lib/llvm-22"))),
        ("./22.1.8", Choice(provider=ProviderName.SYSTEM, prefix=Path("22.1.8"))),
        ("a/mlir_sdk.whl", Choice(provider=ProviderName.WHEEL, wheel=Path("a/mlir_sdk.whl"))),
        (
            "22.1.8.dev0+gca7933e47",
            Choice(provider=ProviderName.WHEEL, wheel=Version("22.1.8.dev0+gca7933e47")),
        ),
    ],
)
def test_a_choice_is_read(text: str, choice: Choice) -> None:
    assert sdk.read_choice(text) == choice


@pytest.mark.parametrize("text", ["", "wheel"])
def test_a_choice_that_says_too_little(text: str) -> None:
    with pytest.raises(UserError, match="does not say which: name a wheel file, a version, or a folder"):
        sdk.read_choice(text)
