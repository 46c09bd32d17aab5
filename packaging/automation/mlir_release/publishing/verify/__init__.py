"""``nox -s verify``: what a careful user runs on a release set, on a release, or on a package index.

Nothing of what is looked at is run or installed. ``session`` is the session, ``report`` tells what was found;
``wheel`` looks at one file, ``release_set`` at a folder of them, ``on_github`` and ``on_index`` bring what is
to be looked at.
"""

from __future__ import annotations

from mlir_release.publishing.verify.report import NotAsItShould
from mlir_release.publishing.verify.session import run

__all__ = ["NotAsItShould", "run"]
