"""Where the steps of cibuildwheel run: in containers on Linux, elsewhere on the machine itself."""

from __future__ import annotations

import os
import shlex
import sys
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlir_release import container, log, visual_studio
from mlir_release.run import run
from mlir_release.wheels import handover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from mlir_release.container_site import Site
    from mlir_release.options import Options
    from mlir_release.targets import Target


class Place(Protocol):
    """Where the steps run."""

    @property
    def python(self) -> Path:
        """The Python of the automation there."""

    def settings(self, target: Target) -> dict[str, str]:
        """What cibuildwheel is told of it, as variables."""

    def call(self, command: Sequence[str | Path], told: Mapping[str, str]) -> int:
        """Run a program there, with variables of its environment; its exit status."""

    def guarded(self) -> AbstractContextManager[None]:
        """While cibuildwheel runs: nothing of it outlives this process."""


@dataclass(frozen=True, kw_only=True)
class Here:
    """This machine itself: macOS and Windows."""

    python: Path = Path(sys.executable)

    def settings(self, target: Target) -> dict[str, str]:  # noqa: ARG002 -- the Protocol's
        """The compiler's environment, if one is active."""
        return visual_studio.active(os.environ)

    def call(self, command: Sequence[str | Path], told: Mapping[str, str]) -> int:
        """Run a program."""
        return run(command, env=told, check=False, on_line=lambda line: log.say(line.rstrip())).status

    def guarded(self) -> AbstractContextManager[None]:
        """Its programs are children of this one."""
        return nullcontext()


@dataclass(frozen=True, kw_only=True)
class Inside:
    """Containers of an image: Linux."""

    site: Site
    python: Path
    label: str

    def settings(self, target: Target) -> dict[str, str]:
        """The engine, what containers see, and the image."""
        words = ["--label", self.label, *self.site.options(), f"--env={handover.VARIABLE}"]
        engine = f"{self.site.engine.name}; disable_host_mount: True; create_args: {shlex.join(words)}"
        image = f"CIBW_{target.build_suffix.upper()}_IMAGE"
        return {"CIBW_CONTAINER_ENGINE": engine, image: self.site.image}

    def call(self, command: Sequence[str | Path], told: Mapping[str, str]) -> int:
        """Run a program in a container of its own."""
        return self.site.contain(command, told=told).status

    def guarded(self) -> AbstractContextManager[None]:
        """The container goes with us."""
        return self.site.engine.ending(self.label)


def find(options: Options, root: Path, target: Target) -> Place:
    """Where the wheels of a target are made on this machine.

    Args:
        options: of the session; ``container`` names an image other than the policy's.
        root: this project's folder.
        target: one that this machine can make.

    Raises:
        UserError: there is no engine that works, or no such image, or one that does not serve.
        ToolFailed: the environment of the automation could not be made in it.
    """
    if not target.policy:
        return Here()
    site = container.find_site(options, root, wanted_by="nox -s wheels", policy=target.policy)
    return Inside(site=site, python=site.python(), label=f"mlir-py-release={uuid.uuid4().hex[:12]}")
