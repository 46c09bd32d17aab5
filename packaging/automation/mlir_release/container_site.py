"""What a container of ours sees, who it is and what it is told, and the Python that runs the automation.

It sees this checkout, the store, the wheelhouse and what the options name, each under the path that it has
outside, so that what one session leaves serves the other; all but store and wheelhouse read-only.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import engine as engines
from mlir_release import log as logging
from mlir_release.errors import ToolFailed, UserError
from mlir_release.store import content_key, remove
from mlir_release.variables import CERTIFICATES, PASSED_ON, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlir_release.engine import Engine
    from mlir_release.run import Completed
    from mlir_release.store import Store

_NO_PYTHON = 77
# In a manylinux image the oldest first that can run nox: it has the most wheels.
_MAKE_ENVIRONMENT = (
    "for python in /opt/python/cp3??-cp3??/bin/python python3; do"
    """ if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then"""
    """ "$python" -m venv "$0" && exec "$0/bin/python" -m pip install --disable-pip-version-check "$@"; fi;"""
    f" done; echo 'no Python 3.11 or newer'; exit {_NO_PYTHON}"
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where containers of ours run.

    ``image`` is the name of one and ``identity`` what tells its content; ``visible`` are files and folders
    that they may read, besides this project's folder ``root``.
    """

    engine: Engine
    image: str
    identity: str
    root: Path
    store: Store
    wheelhouse: Path
    visible: tuple[Path, ...]

    def contain(
        self, command: Sequence[str | Path], *, log: Path | None = None, told: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a program in a container to its end, which may be a failure, as whoever calls.

        Args:
            command: the program and its arguments.
            log: gets the output; by default that is passed on to our own, as it comes.
            told: variables of its environment.
        """
        variables = [f"--env={name}={value}" for name, value in (told or {}).items()]
        words = [*self._caller(), *self.options(), *variables, self.identity, *map(str, command)]
        return self.engine.contain(words, log)

    def python(self) -> Path:
        """The Python of the automation's environment, with nox; made now if this image has none yet.

        Raises:
            UserError: the image cannot be started, or has no Python that serves.
            ToolFailed: pip failed.
        """
        table = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        requirements = table["dependency-groups"]["automation"]
        key = content_key({"image": self.identity, "requirements": requirements})
        folder = self.store.root / "container" / key
        with self.store.locked("container", key):
            # An environment cannot be renamed into its place: a file says that it is whole.
            if not (folder / "whole").exists():
                remove(folder)
                folder.mkdir(parents=True)
                with logging.stage(f"nox in {self.image}"):
                    self._fill(folder, requirements)
                (folder / "whole").touch()
        return folder / "bin" / "python"

    def options(self) -> list[str]:
        """The options of every container, whoever it is: what it sees and what it is told."""
        # Fedora's SELinux would keep the container out of the mounted folders.
        options = ["--security-opt", "label=disable"] if self.engine.name == "podman" else []
        writable = [self.store.root, self.wheelhouse, *_named_files(SUMMARY)]
        for path in dict.fromkeys((self.root, *self.visible, *_named_files(*CERTIFICATES))):
            if not any(path.is_relative_to(other) for other in writable):
                options += ["--mount", f"type=bind,source={path},target={path},readonly"]
        for path in dict.fromkeys(writable):
            options += ["--mount", f"type=bind,source={path},target={path}"]
        # A user whom the image does not know has no home; pip's cache is in this one.
        home = self.store.root / "container" / "home"
        home.mkdir(parents=True, exist_ok=True)
        told = {"HOME": home, "NOX_SCRIPT_MODE": "none", "PYTHONDONTWRITEBYTECODE": "1"}
        # By their names alone: the values stay out of logs.
        names = sorted(filter(PASSED_ON.fullmatch, os.environ))
        return [*options, *(f"--env={name}" for name in [*names, *(f"{key}={told[key]}" for key in told)])]

    def _caller(self) -> list[str]:
        """The options that make a container's programs the caller's."""
        if sys.platform == "win32":  # where sessions are refused before this
            return []
        options = ["--user", f"{os.getuid()}:{os.getgid()}", "--workdir", str(self.root)]
        # Podman without root would make the user another one.
        keep = self.engine.name == "podman" and os.getuid()
        return [*options, *(["--userns", "keep-id"] if keep else [])]

    def _fill(self, folder: Path, requirements: Sequence[str]) -> None:
        """Make the environment in a folder."""
        tool_log = self.store.log_file("container-environment")
        done = self.contain(["sh", "-c", _MAKE_ENVIRONMENT, folder, *requirements], log=tool_log)
        if done.status in (*engines.FAILED, _NO_PYTHON):
            reason = engines.last_line(done)
            raise UserError(f"{self.image} does not serve ({reason}); take one of manylinux's")
        if done.status:
            raise ToolFailed(["pip", "install"], done.status, tool_log, done.output.splitlines()[-20:])


def _named_files(*variables: str) -> list[Path]:
    """The files that variables of the environment name."""
    values = (os.environ.get(name) for name in variables)
    return [Path(value) for value in values if value and Path(value).is_file()]
