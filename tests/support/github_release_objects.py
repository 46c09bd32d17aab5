"""GitHub's releases, their files, and git tags, as its REST API shows them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from github_objects import node, stamp, user

if TYPE_CHECKING:
    import datetime as dt

    from github_objects import Json


def asset(api: str, repository: str, tag: str, number: int, *, name: str) -> Json:
    """An asset whose upload has just begun."""
    return {
        "id": number,
        "node_id": node("RA", number),
        "name": name,
        "label": "",
        "content_type": "application/octet-stream",
        "state": "starter",
        "size": 0,
        "digest": None,
        "download_count": 0,
        "url": f"{api}/repos/{repository}/releases/assets/{number}",
        "browser_download_url": f"https://github.com/{repository}/releases/download/{tag}/{name}",
        "uploader": user(api, "somebody"),
        "created_at": stamp(),
        "updated_at": stamp(),
    }


def stored(content: bytes) -> Json:
    """What is different of an asset that has arrived."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"state": "uploaded", "size": len(content), "digest": digest}


def ref(url: str, name: str, kind: str, sha: str) -> Json:
    """A git ref (``tags/NAME``); ``url`` is its repository's."""
    return {
        "ref": f"refs/{name}",
        "node_id": node("REF", 1),
        "url": f"{url}/git/refs/{name}",
        "object": {"type": kind, "sha": sha, "url": f"{url}/git/{kind}s/{sha}"},
    }


def tag(url: str, sha: str, name: str, commit: str) -> Json:
    """An annotated tag on a commit."""
    return {
        "node_id": node("TA", 1),
        "tag": name,
        "sha": sha,
        "url": f"{url}/git/tags/{sha}",
        "message": name,
        "tagger": {"name": "somebody", "email": "somebody@example.org", "date": stamp()},
        "object": {"type": "commit", "sha": commit, "url": f"{url}/git/commits/{commit}"},
    }


def release(
    api: str,
    repository: str,
    number: int,
    tag: str,
    *,
    draft: bool,
    prerelease: bool,
    published: dt.datetime | None,
) -> Json:
    """A release without assets."""
    url = f"{api}/repos/{repository}"
    own = f"{url}/releases/{number}"
    return {
        "id": number,
        "node_id": node("RE", number),
        "tag_name": tag,
        "target_commitish": "main",
        "name": tag,
        "body": "",
        "draft": draft,
        "prerelease": prerelease,
        "created_at": stamp(published),
        "published_at": None if draft else stamp(published),
        "author": user(api, "somebody"),
        "assets": [],
        "url": own,
        "html_url": f"https://github.com/{repository}/releases/tag/{tag}",
        "assets_url": f"{own}/assets",
        # GitHub Enterprise Server's form.
        "upload_url": f"{api}/api/uploads/repos/{repository}/releases/{number}/assets{{?name,label}}",
        "tarball_url": f"{url}/tarball/{tag}",
        "zipball_url": f"{url}/zipball/{tag}",
    }
