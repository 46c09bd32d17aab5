"""A package index: whether each file that it offers can be had, and is what it says of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.publishing.manifest import METADATA_SUFFIX
from mlir_release.publishing.values import WHEEL
from mlir_release.publishing.verify import simple_pages, wheel
from mlir_release.publishing.verify.simple_pages import BadPage
from mlir_release.publishing.verify.web import Unreachable, Web
from mlir_release.publishing.verify.wheel import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.publishing.verify.report import Report
    from mlir_release.publishing.verify.simple_pages import Link

# An index that is ours has a handful; others would take days.
_MOST_PROJECTS = 50
_SIMPLE = "simple/"
_JSON = "index.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Looker:
    """Looks at an index.

    ``folder`` takes one file after the other; of all versions only ``version`` counts, if it is not None.
    """

    web: Web
    folder: Path
    version: str | None

    def check(self, url: str, report: Report) -> None:
        """Look at all files of an index, and tell the report.

        Args:
            url: of its ``simple/``, or of the folder that has it.
            report: is told.

        Raises:
            UserError: there is no index, or it can be read and offers nothing.
        """
        projects = self._projects(url)
        links = {name: self._links(page, report) for name, page in projects.items()}
        chosen = {name: [it for it in found if self._is_chosen(it)] for name, found in links.items()}
        if not any(chosen.values()) and not report.problems:
            raise UserError(f"{url} offers no file{f' of {self.version}' if self.version else ''}")
        for name, found in chosen.items():
            with log.stage(f"{name}: {len(found)} files"):
                for link in found:
                    report.add(link.name, self._problems(link, name))

    def _projects(self, url: str) -> dict[str, str]:
        """The URLs of the projects' pages, by their normalized names."""
        home = url if url.endswith("/") else f"{url}/"
        if not home.endswith(f"/{_SIMPLE}"):
            # The page at the root of an index is for people.
            try:
                return self._projects_of(home + _SIMPLE)
            except Unreachable:
                pass
        return self._projects_of(home)

    def _projects_of(self, url: str) -> dict[str, str]:
        found = simple_pages.anchors(self.web.page(url), url)
        if not 0 < len(found) <= _MOST_PROJECTS:
            raise UserError(
                f"{url} is no index of this project's: it has {len(found)} links; name a URL that ends with"
                f" {_SIMPLE}"
            )
        return {canonicalize_name(text): page for text, page, _ in found}

    def _links(self, page: str, report: Report) -> list[Link]:
        """What a project's page offers; the JSON beside it, where there is one, must say the same."""
        try:
            found = simple_pages.of_html(self.web.page(page), page)
        except (Unreachable, BadPage) as error:
            report.add(page, [str(error)])
            return []
        report.add(page, self._of_json(f"{page}{_JSON}", found), f"{len(found)} files")
        return found

    def _of_json(self, url: str, links: list[Link]) -> Iterator[str]:
        try:
            content = self.web.page(url)
        except Unreachable as error:
            log.say(f"   not compared: {error}")
            return
        try:
            described = simple_pages.of_json(content, url)
        except BadPage as error:
            yield f"{_JSON}: {error}"
            return
        other = {it.name: it for it in described}
        for link in links:
            if other.pop(link.name, None) != link:
                yield f"{_JSON} says something else of {link.name}"
        yield from (f"only {_JSON} has {name}" for name in sorted(map(str, other)))

    def _is_chosen(self, link: Link) -> bool:
        return self.version is None or f"-{self.version}-" in link.name

    def _problems(self, link: Link, project: str) -> Iterator[str]:
        # It becomes the name of a file here.
        if not WHEEL.fullmatch(link.name):
            yield "its name is none of a wheel of ours, so it was not downloaded"
            return
        try:
            name = parse_wheel_filename(link.name)[0]
        except InvalidWheelFilename as error:
            yield f"it is not called as a wheel is ({error})"
            return
        if name != project:
            yield f"it is listed under {project}"
        path = self.folder / link.name
        try:
            yield from self._of_file(link, path)
        except (Unreachable, Damaged) as error:
            yield str(error)
        finally:
            path.unlink(missing_ok=True)

    def _of_file(self, link: Link, path: Path) -> Iterator[str]:
        digest = self.web.download(link.url, path)
        if not link.sha256 or not _DIGEST.fullmatch(link.sha256):
            yield f"the index says no sha256 of it ({link.sha256})"
        elif digest != link.sha256:
            yield f"its sha256 is {digest}, the index says {link.sha256}"
        yield from wheel.problems(path)
        yield from self._of_metadata(link, wheel.metadata(path))

    def _of_metadata(self, link: Link, inside: bytes) -> Iterator[str]:
        if wheel.requires_python(inside) != link.requires_python:
            yield f"it is for Python {wheel.requires_python(inside)}, the index says {link.requires_python}"
        if link.metadata_sha256 is None:
            yield "the index says no sha256 of its metadata"
            return
        if hashlib.sha256(inside).hexdigest() != link.metadata_sha256:
            yield "its METADATA is not the one that the index has the sha256 of"
        if self.web.page(link.url + METADATA_SUFFIX) != inside:
            yield f"what is at its URL with {METADATA_SUFFIX} is not its METADATA"
