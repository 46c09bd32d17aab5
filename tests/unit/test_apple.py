"""Apple's tools on a stand-in macOS: xcrun and a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import developer, toolchain
from mlir_release.errors import UserError
from mlir_release.targets import TARGETS

if TYPE_CHECKING:
    from tests.unit.conftest import Machine

    from mlir_release.targets import Target

_XCRUN = """\
case "$*" in
  "--find clang") echo {folder}/clang;;
  "--sdk macosx --show-sdk-path") echo /Applications/SDKs/MacOSX.sdk;;
  "--sdk macosx --show-sdk-version") echo 15.2;;
  *) exit 64;;
esac"""
# Compiles only with what clang needs when nobody starts it by the name /usr/bin/clang.
_CLANG = """\
[ "$SDKROOT,$MACOSX_DEPLOYMENT_TARGET" = /Applications/SDKs/MacOSX.sdk,11.0 ] || exit 1
case "$*" in
  *--version) case "$*" in -Wl,*) exit 1;; esac
              echo 'Apple clang version 16.0.0 (clang-1600.0.26.6)';;
  -print-effective-triple) echo {machine}-apple-macosx11.0.0;;
  -Wl,-v) echo '@(#)PROGRAM:ld PROJECT:ld-1115.7.3'; exit 1;;
  -E*) echo '#define _LIBCPP_VERSION 180100';;
  *fuse-ld*) echo 'another linker is not to be asked for'; exit 1;;
esac"""


def target(machine: str) -> Target:
    (found,) = (it for it in TARGETS if it.name == f"macos-{machine}")
    return found


@pytest.fixture
def mac(machine: Machine) -> Machine:
    """A Mac with Xcode, outside of PATH, and a newer clang on PATH."""
    xcode = machine.state
    machine.program("xcrun", _XCRUN.format(folder=xcode))
    machine.program("sysctl", "echo 0")
    machine.program("clang", "echo 'Homebrew clang version 22.1.8'")
    for name in ("clang", "clang++"):
        (xcode / name).write_text(f"#!/bin/sh\n{_CLANG.format(machine='arm64')}\n")
        (xcode / name).chmod(0o755)
    return machine


def find(machine: str = "arm64", environ: dict[str, str] | None = None) -> toolchain.Toolchain:
    return toolchain.find(llvm_major=22, around=developer.of_macos(target(machine), environ or {}))


def test_xcodes_clang_whatever_is_on_path(mac: Machine) -> None:
    found = find()
    assert (found.cc, found.cxx) == (mac.state / "clang", mac.state / "clang++")
    assert (found.name, found.linker) == ("Apple clang 16.0.0", None)
    assert found.target == target("arm64")


@pytest.mark.usefixtures("mac")
def test_every_step_gets_one_deployment_target_and_one_architecture() -> None:
    variables = find("x86_64").variables
    assert variables["MACOSX_DEPLOYMENT_TARGET"] == "11.0"
    assert variables["ARCHFLAGS"] == "-arch x86_64"
    assert variables["SDKROOT"] == "/Applications/SDKs/MacOSX.sdk"


@pytest.mark.usefixtures("mac")
def test_keys_know_what_matters_and_not_the_kernel_of_this_machine() -> None:
    assert find().key == {
        "compiler": "Apple clang version 16.0.0 (clang-1600.0.26.6)",
        "target": "arm64-apple-macosx11.0.0",
        "linker": "PROJECT:ld-1115.7.3",
        "libraries": "_LIBCPP_VERSION=180100",
        "sdk": "15.2",
        "settings": "CMAKE_OSX_ARCHITECTURES=arm64 CMAKE_OSX_DEPLOYMENT_TARGET=11.0"
        " LLVM_HOST_TRIPLE=arm64-apple-darwin20.0.0",
    }


@pytest.mark.usefixtures("mac")
@pytest.mark.parametrize("given", ["11", "11.0"])
def test_the_same_deployment_target_may_be_set(given: str) -> None:
    assert find(environ={"MACOSX_DEPLOYMENT_TARGET": given}).variables["MACOSX_DEPLOYMENT_TARGET"] == "11.0"


@pytest.mark.usefixtures("mac")
@pytest.mark.parametrize("given", ["10.15", "11.3", "14.0", ""])
def test_another_deployment_target_is_refused(given: str) -> None:
    with pytest.raises(UserError, match=r"_TARGET is .*here, and wheels are built for macOS 11\.0 and newer"):
        find(environ={"MACOSX_DEPLOYMENT_TARGET": given})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'xcrun: error: invalid active developer path' >&2; exit 1", "invalid active developer path"),
        ("echo 'You have not agreed to the Xcode license agreements.' >&2; exit 69", "license agreements"),
        ("exit 72", "status 72"),
    ],
)
def test_no_developer_tools(machine: Machine, script: str, reason: str) -> None:
    machine.program("xcrun", script)
    with pytest.raises(UserError, match=f"are not ready .*{reason}.*: run `xcode-select --install`"):
        find()


@pytest.mark.parametrize(("answer", "said"), [("echo 1", True), ("echo 0", False), ("exit 1", False)])
def test_an_intel_python_on_apple_silicon_is_said(
    mac: Machine, capsys: pytest.CaptureFixture[str], answer: str, *, said: bool
) -> None:
    mac.program("sysctl", answer)
    find("x86_64")
    assert ("run by Rosetta" in capsys.readouterr().out) == said
    find("arm64")
    assert "Rosetta" not in capsys.readouterr().out
