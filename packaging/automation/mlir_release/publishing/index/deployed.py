"""What the index that people use lists now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlir_release import tags
from mlir_release.publishing.simple_api import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def listed(url: str, projects: Iterable[str]) -> frozenset[str]:
    """The tags of the releases that an index has files of; none where there is no index.

    Args:
        url: of its ``simple/``.
        projects: the normalized names that are looked for.

    Raises:
        UserError: the index cannot be asked, or does not answer as one.
    """
    index = Index(url=url)
    return frozenset(str(tag) for project in projects for tag in _tags(index.files(project)))


def _tags(names: Iterable[str]) -> Iterator[tags.Tag]:
    for name in names:
        try:
            yield tags.of_version(str(parse_wheel_filename(name)[1]))
        except (InvalidWheelFilename, tags.BadTag):  # a file of somebody else's
            continue
