"""GitHub's REST API: what a release asks of it, and what it changes there.

``client`` speaks to it; ``checks``, ``issues`` and ``releases`` know what is asked.
"""

from __future__ import annotations

from mlir_release.github.client import Client
from mlir_release.github.errors import GitHubError
from mlir_release.github.slug import slug

__all__ = ["Client", "GitHubError", "slug"]
