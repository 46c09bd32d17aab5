"""The page as files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlir_release.publishing.page.content import content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlir_release.publishing.page.model import Release, Site

_HERE = Path(__file__).parent
_TEMPLATE = "index.html.jinja"
_ASSETS = ("page.css", "page.js")


def files(releases: Iterable[Release], site: Site) -> Iterator[tuple[str, str]]:
    """The page and what it loads: the names of files at the root of the index, and their text.

    The same text for the same releases.

    Args:
        releases: in any order.
        site: where the index and the project are.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    assets = {name: (_HERE / name).read_text(encoding="utf-8") for name in _ASSETS}
    yield from assets.items()
    # At the end of their URLs, so that no browser shows a page with old ones from its cache.
    marks = {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in assets.items()}
    template = environment.get_template(_TEMPLATE)
    yield "index.html", template.render(it=content(releases, site), marks=marks)
