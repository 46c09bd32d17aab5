"""What the sessions that build do: from the source to repaired wheels in the wheelhouse."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import distributions, doctor, interpreters, log, provenance, repair, versions
from mlir_release.distributions import MadePer
from mlir_release.errors import UserError
from mlir_release.rooms import Rooms
from mlir_release.sdk import ProviderName
from mlir_release.store import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.distributions import Distribution, Made
    from mlir_release.interpreters import Interpreter


@dataclass(frozen=True)
class Building(Rooms):
    """The half of one run that builds: a session is a method."""

    def build(self, version: str) -> None:
        """Build and repair the wheels of a Python version, into the wheelhouse."""
        # Everything that can be refused at once comes before what takes minutes.
        interpreter = interpreters.obtain(version, self.store)
        log.say(f"   interpreter: {interpreter.version} at {interpreter.path} ({interpreter.found_in})")
        self.ensure_possible()
        self.ensure_served(interpreter)
        for distribution in self._made_per(MadePer.INTERPRETER):
            wheel = self._package(distribution, interpreter)
            rows = [("size", _megabytes(wheel)), *self._origin(), ("in", str(wheel.parent))]
            log.summary(wheel.name, [*rows, *_known_wrong(wheel)])

    def package_sdk(self) -> None:
        """Obtain an SDK, by default compile it, and put the wheels of the platform into the wheelhouse.

        Raises:
            UserError: ``--sdk`` names one of these wheels; it lacks what the others are made from.
        """
        if self.choice.provider is ProviderName.WHEEL:
            raise UserError("nox -s sdk makes the SDK's wheels, not from one of them: leave out --sdk")
        if self.options.sdk is None:
            options = dataclasses.replace(self.options, sdk=ProviderName.BUILD)
            dataclasses.replace(self, options=options).package_sdk()
            return
        self.ensure_possible()
        wheels = [self._package(distribution, None) for distribution in self._made_per(MadePer.PLATFORM)]
        rows = [(wheel.name, f"{_megabytes(wheel)} in {wheel.parent}") for wheel in wheels]
        rows += [row for wheel in wheels for row in _known_wrong(wheel)]
        prefix = self.sdk.prefix
        log.summary("SDK", [*self._origin(), ("prefix", f"{_megabytes(prefix)} in {prefix}"), *rows])

    def ensure_possible(self) -> None:
        """The checks that take no time."""
        _ = self.pin, self.choice, self.release_version
        doctor.preflight(self.options)

    def per_interpreter(self) -> Iterator[Distribution]:
        """What is made once per interpreter."""
        return self._made_per(MadePer.INTERPRETER)

    def _made_per(self, kind: MadePer) -> Iterator[Distribution]:
        return (it for it in self.distributions if it.made_per is kind)

    def _inputs(self, distribution: Distribution, interpreter: Interpreter | None) -> distributions.Inputs:
        # In this order: what may be refused in seconds comes before the source is fetched.
        return distributions.Inputs(
            distribution=distribution,
            interpreter=interpreter,
            sdk=self.sdk,
            toolchain=self.toolchain,
            tree=self.tree,
            line=self.line,
            abi=self.abi(interpreter) if interpreter else None,
            ref=self.ref,
            tag=self._tag,
            version=self.release_version or versions.untagged(self.tree.version, self.tree.commit),
        )

    def _raw(self, distribution: Distribution, interpreter: Interpreter | None) -> Made:
        inputs = self._inputs(distribution, interpreter)
        with log.stage(f"{inputs.title}, with {inputs.toolchain.name}"):
            made = distributions.obtain(inputs, self.store)
            log.say(f"   {'reused' if made.reused else 'made'} {made.wheel}")
        return made

    def _package(self, distribution: Distribution, interpreter: Interpreter | None) -> Path:
        """The repaired wheel, in the wheelhouse."""
        repaired = self._repaired(distribution, self._raw(distribution, interpreter).wheel)
        return repair.stow(repaired, self.options.wheelhouse)

    def _repaired(self, distribution: Distribution, raw: Path) -> Path:
        with log.stage(f"repair {raw.name}"):
            repaired = repair.repair(raw, library_dirs=[self.sdk.library_dir], store=self.store)
            self._ensure_reach(repaired)
        if self.sdk.made_by is ProviderName.BUILD:
            repair.ensure_small(repaired, distribution)
        return repaired

    def _ensure_reach(self, repaired: Path) -> None:
        """Say that a wheel is for this machine only; raises ``UserError`` if it is to be of a release."""
        if not repair.is_for_this_machine(repaired):
            return
        why = f"{repaired.name} is for this machine only: it needs newer symbols than manylinux has"
        if self._tag:
            raise UserError(
                f"{why}, and {self._tag} is for others, too: build it with --container or --sysroot"
                " (docs/manylinux.md)"
            )
        log.say(f"   {why}")

    def _origin(self) -> list[tuple[str, str]]:
        """Rows of a summary: what it was made from."""
        local = "" if self.sdk.made_by is ProviderName.BUILD else ", for local use"
        return [
            ("LLVM", f"{self.tree.version} at {self.tree.commit or 'no commit that is known'}"),
            ("SDK", f"{self.sdk.provider}{local}"),
        ]

    @property
    def _tag(self) -> str | None:
        return str(self.options.tag) if self.options.tag else None


def _known_wrong(wheel: Path) -> list[tuple[str, str]]:
    """Rows of a summary: what was found wrong upstream while it was built."""
    return [("known to be wrong", text) for text in provenance.findings(provenance.read(wheel))]


def _megabytes(path: Path) -> str:
    """The size of a file, or of all files in a folder."""
    return f"{size_of(path) / 1e6:.1f} MB"
