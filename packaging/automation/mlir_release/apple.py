"""Xcode's developer tools, or the command-line tools alone: where ``xcrun`` says they are (xcrun(1))."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "MACOSX_DEPLOYMENT_TARGET"


@dataclass(frozen=True, kw_only=True)
class MacSdk:
    """The headers and libraries of macOS: where they are, and which macOS they are of (``14.5``)."""

    path: Path
    version: str


def find_program(name: str) -> Path:
    """A program of the developer tools, by its absolute path.

    Raises:
        UserError: there are no developer tools.
    """
    return Path(_xcrun("--find", name))


def find_sdk() -> MacSdk:
    """The SDK of macOS that belongs to these tools; ``SDKROOT`` may name another.

    Raises:
        UserError: there are no developer tools.
    """
    words = ("--sdk", "macosx")
    return MacSdk(path=Path(_xcrun(*words, "--show-sdk-path")), version=_xcrun(*words, "--show-sdk-version"))


def ensure_deployment_target(environ: Mapping[str, str], wanted: str) -> None:
    """See that the environment asks for no other deployment target than wheels have.

    Compilers, CMake, wheel tags and delocate all read that variable: two figures would give a wheel that
    promises a system on which it does not run.

    Args:
        environ: the environment.
        wanted: ``11.0``.

    Raises:
        UserError: it does.
    """
    given = environ.get(_VARIABLE, wanted)
    if given not in {wanted, wanted.removesuffix(".0")}:
        raise UserError(
            f"{_VARIABLE} is {given} here, and wheels are built for macOS {wanted} and newer: unset it"
        )


def say_if_translated() -> None:
    """Say that this Python runs under Rosetta, if it does: its wheels are not for the machine's processor."""
    answer = run(["sysctl", "-n", "sysctl.proc_translated"], check=False, quiet=True)
    if answer.status == 0 and answer.output.strip() == "1":
        log.say(
            "   this Python is one for Intel, run by Rosetta: so are the wheels; for Apple silicon,"
            " run nox with an arm64 Python"
        )


def _xcrun(*words: str) -> str:
    answer = run(["xcrun", *words], check=False, quiet=True, apart=True)
    found = answer.output.strip()
    if answer.status or not found:
        reason = next(iter(answer.errors.strip().splitlines()), f"status {answer.status}")
        raise UserError(
            f"Xcode's command-line tools are not ready ({reason}): run `xcode-select --install`,"
            " or, after a new Xcode, `sudo xcodebuild -license accept`"
        )
    return found
