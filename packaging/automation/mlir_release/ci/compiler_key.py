"""``nox -s compiler-key``: what a compiler cache is kept under, which is the compiler that filled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release import log, options
from mlir_release.container import image_for
from mlir_release.store import content_key
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run(arguments: Sequence[str], root: Path) -> None:
    """The session: say the key, on GitHub as the output ``key`` of the step.

    With ``--container`` it is that of the image, because that has the compiler; its name says its digest.

    Args:
        arguments: the options of the session that is going to compile.
        root: the project's folder.

    Raises:
        UserError: there is no compiler, or no such image for this machine.
    """
    chosen = options.parse(arguments, root)
    if chosen.container is None:
        toolchain = Workflow(root, chosen).toolchain
        compiler, content = toolchain.name, dict(toolchain.key)
    else:
        compiler = image_for(chosen.container)
        content = {"image": compiler}
    key = content_key(content)
    log.summary("compiler cache", [("compiler", compiler), ("key", key)])
    log.outputs({"key": key})
