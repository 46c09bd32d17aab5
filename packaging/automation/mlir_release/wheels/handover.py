"""What a session and the steps that cibuildwheel calls for it tell each other, as files in one folder."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import ReleaseError, UserError
from mlir_release.store import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

# Names the file of a run, for the steps; where a session of ours did not start them, there is none.
VARIABLE = "MLIR_RELEASE_RUN"
# The options of such steps, as words of a shell: what a session would be told behind `--`.
_OPTIONS = "MLIR_RELEASE_OPTIONS"
_NAME = "run.json"
_TROUBLE = "trouble.json"


class StepFailed(ReleaseError):
    """A step failed inside cibuildwheel; the message is what it said there."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the steps of one run are told.

    ``python`` is the automation's, and ``root`` this project's folder, as they are seen where the steps run;
    ``options`` are the words of a session; ``version`` is that of a release, which was seen to be checked
    out. ``packaging/mlir-python-bindings/cibuildwheel_step.py`` reads the first two.
    """

    python: str
    root: str
    options: tuple[str, ...]
    version: str | None

    def write(self, folder: Path) -> Path:
        """Write it down for steps; the file, for ``VARIABLE``."""
        file = folder / _NAME
        write_atomically(file, json.dumps(vars(self)))
        return file


def options_told() -> tuple[Sequence[str], str | None]:
    """The options that the steps of this process are told, and the release's version if there is one.

    Raises:
        UserError: they are not words of a shell.
    """
    file = os.environ.get(VARIABLE)
    if file:
        told = json.loads(Path(file).read_text(encoding="utf-8"))
        return told["options"], told["version"]
    text = os.environ.get(_OPTIONS, "")
    try:
        return shlex.split(text), None
    except ValueError as error:
        raise UserError(f"{_OPTIONS}: {text!r} cannot be read ({error}); quote it as for a shell") from None


def report(error: ReleaseError | OSError) -> None:
    """Tell the session why a step ended; where there is no session, cibuildwheel's output has it."""
    file = os.environ.get(VARIABLE)
    if file:
        mistake = isinstance(error, UserError | OSError)
        text = json.dumps({"mistake": mistake, "text": str(error)})
        write_atomically(Path(file).with_name(_TROUBLE), text)


def raise_reported(folder: Path) -> None:
    """Raise what a step has reported, if one has.

    Raises:
        UserError: it was a mistake.
        StepFailed: it was not.
    """
    file = folder / _TROUBLE
    if not file.exists():
        return
    said = json.loads(file.read_text(encoding="utf-8"))
    raise (UserError if said["mistake"] else StepFailed)(said["text"])
