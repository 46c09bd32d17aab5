"""The source tree that is built: a checkout, a git fetch or a pinned archive, with patches."""

from mlir_release.source.layout import PARTS
from mlir_release.source.tree import SourceTree, obtain

__all__ = ["PARTS", "SourceTree", "obtain"]
