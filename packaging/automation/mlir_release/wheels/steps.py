"""What cibuildwheel has us do for each wheel: before its build, repair, tests. Each step is a process."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlir_release import distributions, interpreters, log, options, repair, targets
from mlir_release.errors import UserError
from mlir_release.sdk.wheel import SDK
from mlir_release.sdk.wheel_file import newest_platform
from mlir_release.wheels import handover
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.distributions import Distribution
    from mlir_release.interpreters import Interpreter

_BUILD = "nox -s wheels"


@dataclass(frozen=True)
class Steps(Workflow):
    """The steps for one interpreter.

    ``version_told`` is that of the release, where that is known; ``package`` the name of the distribution's
    folder; ``program`` a Python of the interpreter that the wheel is for; ``folder`` takes what lasts from
    one step to the next.
    """

    version_told: str | None
    package: str
    program: Path
    folder: Path

    @cached_property
    def release_version(self) -> str | None:
        """The version of the release that ``--tag`` names, as the session was told it."""
        return self.version_told or super().release_version

    @cached_property
    def distribution(self) -> Distribution:
        """What is built."""
        found = distributions.read(self.root / "packaging" / self.package)
        assert found, self.package
        return found

    @cached_property
    def interpreter(self) -> Interpreter:
        """What it is built for."""
        return interpreters.at(self.program)

    def check(self) -> None:
        """Find out, in seconds, whether wheels can be built here: SDK, its tools and compiler."""
        self.ensure_possible()
        _ = self.sdk, self.test_tools, self.toolchain
        log.say(f"   compiler: {self.toolchain.name}")

    def before(self) -> None:
        """Obtain all that a build needs, and write down what it is to be told."""
        self.ensure_possible()
        log.say(f"   interpreter: {self.interpreter.version} at {self.interpreter.path}")
        inputs = self._inputs(self.distribution, self.interpreter)
        with log.stage(f"what {inputs.title} is built from, with {inputs.toolchain.name}"):
            distributions.hand_over(inputs, self.store, self.folder)

    def repair(self, raw: Path, output: Path) -> None:
        """Write the repaired wheel, checked and with its SBOM, into a folder."""
        repaired = self._repaired(self.distribution, raw)
        shutil.copyfile(repaired, output / repaired.name)

    def test_file(self, wheel: Path) -> None:
        """Put the wheel into the wheelhouse, and test it there as the sessions do."""
        repair.stow(wheel, self.options.wheelhouse)
        found = self._fresh(self.distribution, self.abi(self.interpreter).name, _BUILD)
        extension = distributions.handed_test_folder(self.distribution, self.folder)
        self._test(self.distribution, self.interpreter, found, extension)


def make(root: Path, package: str, program: Path, folder: Path) -> Steps:
    """The steps as this process is told to do them.

    Args:
        root: this project's folder.
        package: the name of the distribution's folder.
        program: as in ``Steps``.
        folder: likewise.

    Raises:
        UserError: the options cannot be meant, or no SDK is named and none is in the wheelhouse.
    """
    words, version = handover.options_told()
    chosen = options.parse([*words, *_sdk(words, root)], root)
    folder.mkdir(parents=True, exist_ok=True)
    return Steps(root, chosen, version, package, program, folder)


def _sdk(words: Sequence[str], root: Path) -> list[str]:
    """The SDK's wheel in this project's wheelhouse, for a cibuildwheel that nobody has told anything."""
    if words:
        return []
    name = SDK.replace("-", "_")
    found = repair.of_kind(name, targets.ANY_PYTHON, newest_platform(), root / "wheelhouse")
    if len(found) != 1:
        count = f"{len(found)} wheels" if found else "no wheel"
        raise UserError(
            f"{root / 'wheelhouse'} has {count} of mlir-sdk: put one there, or name one in"
            " MLIR_RELEASE_OPTIONS='--sdk WHEEL', as it is seen where wheels are built"
        )
    return ["--sdk", str(found[0])]
