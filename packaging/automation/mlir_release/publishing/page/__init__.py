"""The page for people at the root of the package index: what there is, from what, and how to install it.

It is complete without its script, which adds buttons and the search.
"""

from __future__ import annotations

from mlir_release.publishing.page.model import Release, Site
from mlir_release.publishing.page.render import files

__all__ = ["Release", "Site", "files"]
