"""What CMake is told for each system that wheels are made for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from mlir_release import platform_settings
from mlir_release.distributions import shared
from mlir_release.sdk.recipe import Recipe, tool_settings
from mlir_release.store import content_key
from mlir_release.targets import TARGETS
from mlir_release.toolchain import Toolchain

if TYPE_CHECKING:
    from mlir_release.sdk import Sdk

_STATIC_RUNTIME = {"CMAKE_MSVC_RUNTIME_LIBRARY": "MultiThreaded"}
COMMON: dict[str, dict[str, str]] = {
    "linux-x86_64": {},
    "linux-aarch64": {},
    "musllinux-x86_64": {},
    "musllinux-aarch64": {},
    "macos-arm64": {"CMAKE_OSX_ARCHITECTURES": "arm64", "CMAKE_OSX_DEPLOYMENT_TARGET": "11.0"},
    "macos-x86_64": {"CMAKE_OSX_ARCHITECTURES": "x86_64", "CMAKE_OSX_DEPLOYMENT_TARGET": "11.0"},
    "windows-amd64": _STATIC_RUNTIME,
    "windows-arm64": _STATIC_RUNTIME,
}
LLVM: dict[str, dict[str, str]] = {
    "macos-arm64": {"LLVM_HOST_TRIPLE": "arm64-apple-darwin20.0.0"},
    "macos-x86_64": {"LLVM_HOST_TRIPLE": "x86_64-apple-darwin20.0.0"},
    "windows-amd64": {"LLVM_ENABLE_DIA_SDK": "OFF"},
    "windows-arm64": {"LLVM_ENABLE_DIA_SDK": "OFF"},
}
# What LLVM's build on Linux is told: whoever changes it makes every SDK that was compiled useless.
_LINUX_RECIPE = "9d772c5deab2dea6"


def toolchain(name: str) -> Toolchain:
    (target,) = (it for it in TARGETS if it.name == name)
    return Toolchain(
        cc=Path("/x/cc"), cxx=Path("/x/c++"), name="a compiler", linker=None, key={}, target=target
    )


@pytest.mark.parametrize("name", [target.name for target in TARGETS])
def test_what_each_system_is_told(name: str) -> None:
    target = toolchain(name).target
    assert platform_settings.common(target) == COMMON[name]
    assert platform_settings.llvm(target) == COMMON[name] | LLVM.get(name, {})


@pytest.mark.parametrize("name", [target.name for target in TARGETS])
def test_llvm_and_what_is_made_from_it_are_told_the_same(name: str) -> None:
    found = toolchain(name)
    sdk = cast("Sdk", SimpleNamespace(library_dir=Path("/sdk/lib")))
    bindings = shared.defines(sdk, found)
    llvm = tool_settings(found, python="/x/python", launcher=None, link_jobs=2)
    assert COMMON[name].items() <= bindings.items()
    assert (COMMON[name] | LLVM.get(name, {})).items() <= llvm.items()
    assert bindings["MLIR_DIR"] == "/sdk/lib/cmake/mlir"


def test_precompiled_headers_are_upstreams_choice_unless_a_cache_would_keep_them() -> None:
    def switch(launcher: Path | None) -> str | None:
        settings = tool_settings(toolchain("linux-x86_64"), python="", launcher=launcher, link_jobs=1)
        return settings.get("CMAKE_DISABLE_PRECOMPILE_HEADERS")

    assert switch(Path("/usr/bin/ccache")) == "ON"
    assert switch(None) is None


def test_a_linux_without_a_target_is_told_nothing() -> None:
    assert platform_settings.common(None) == platform_settings.llvm(None) == {}


def test_the_recipe_of_what_was_compiled_so_far() -> None:
    assert content_key(Recipe().parts()) == _LINUX_RECIPE
