"""The index for installers: the pages that they read, by PEP 503, and the same as JSON, by PEP 691.

GitHub Pages, like every server of mere files, cannot negotiate what it sends: at ``simple/PROJECT/`` pip and
uv get the HTML. That has all they need to choose a file without downloading one: its hash, the Pythons that
it is for, the hash of its metadata (PEP 658 as PEP 714 has it, and by its first name for older installers),
whether it is yanked (PEP 592). Sizes and times of upload (PEP 700) are only in the JSON, which is beside it
as ``index.json``: uv's ``--exclude-newer`` and pip's ``--uploaded-prior-to`` do not work with this index.

The metadata is at a file's URL with ``.metadata`` behind it: release sets have it (``manifest``).
"""

from __future__ import annotations

import datetime as dt
import html
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlir_release.publishing.index.model import Entry, Index, Project

# PEP 700 made it 1.1: versions, sizes and times of upload.
API_VERSION = "1.1"
FLAT = "flat.html"

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{api}">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
{links}
</body>
</html>
"""


def files(index: Index) -> Iterator[tuple[str, str]]:
    """The files of the index: path below its root, with slashes, and content; the same for the same index."""
    names = [project.name for project in index.projects]
    yield "simple/index.html", _page("Projects", (f'<a href="{name}/">{name}</a><br>' for name in names))
    yield "simple/index.json", _json({"projects": [{"name": name} for name in names]})
    for project in index.projects:
        links = map(_link, project.entries)
        yield f"simple/{project.name}/index.html", _page(f"Links for {project.name}", links)
        yield f"simple/{project.name}/index.json", _json(_detail(project))
    everything = (_link(entry) for project in index.projects for entry in project.entries)
    yield FLAT, _page("Links for all projects", everything)


def _page(title: str, links: Iterable[str]) -> str:
    return _PAGE.format(api=API_VERSION, title=title, links="\n".join(links))


def _link(entry: Entry) -> str:
    """A file's anchor."""
    metadata = f"sha256={entry.file.metadata_sha256}"
    attributes = {
        "href": f"{entry.url}#sha256={entry.file.sha256}",
        "data-requires-python": entry.file.requires_python,
        "data-core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "data-yanked": entry.release.yanked,
    }
    told = "".join(
        f' {name}="{html.escape(value)}"' for name, value in attributes.items() if value is not None
    )
    return f"<a{told}>{entry.file.name}</a><br>"


def _detail(project: Project) -> dict[str, Any]:
    """A project as PEP 691 has it, "Project Detail"."""
    described = [_file(entry) for entry in project.entries]
    return {"name": project.name, "versions": list(project.versions), "files": described}


def _file(entry: Entry) -> dict[str, Any]:
    metadata = {"sha256": entry.file.metadata_sha256}
    release = entry.release
    described = {
        "filename": entry.file.name,
        "url": entry.url,
        "hashes": {"sha256": entry.file.sha256},
        "requires-python": entry.file.requires_python,
        "core-metadata": metadata,
        "dist-info-metadata": metadata,
        "size": entry.file.size,
        "upload-time": _time(release.published) if release.published else None,
        "yanked": release.yanked if release.yanked is not None else False,
    }
    return {key: value for key, value in described.items() if value is not None}


def _time(when: dt.datetime) -> str:
    """A time as PEP 700 wants it."""
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(content: dict[str, Any]) -> str:
    return json.dumps({"meta": {"api-version": API_VERSION}, **content}, separators=(",", ":")) + "\n"
