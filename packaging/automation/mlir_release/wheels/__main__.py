"""One step, for ``packaging/mlir-python-bindings/cibuildwheel_step.py``.

Its words: the step, this project's root, the name of the distribution's folder, a Python of the interpreter
that the wheel is for, the folder for what lasts, and the step's own paths.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import ReleaseError, UserError
from mlir_release.wheels import handover, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MISTAKE = 2


def main(words: Sequence[str]) -> int:
    """Do a step; the exit status."""
    step, root, package, program, folder, *paths = words
    try:
        made = steps.make(Path(root), package, Path(program), Path(folder))
        known: dict[str, Callable[..., None]] = {
            "check": made.check,
            "before": made.before,
            "repair": made.repair,
            "test": made.test_file,
        }
        known[step](*map(Path, paths))
    except (ReleaseError, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        handover.report(error)
        return _MISTAKE if isinstance(error, UserError | OSError) else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
