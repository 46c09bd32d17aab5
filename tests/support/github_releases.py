"""The stand-in's releases and their files: what the API answers about them, and what GitHub holds to."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import github_release_objects as release_objects
from github_lists import invalid, one, page
from github_messages import Answer, not_found, ok
from github_objects import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_messages import Request
    from github_objects import Json
    from github_repository import Repository

UPLOAD = r"releases/(\d+)/assets"
BYTES = "application/octet-stream"
_FIELDS = ("tag_name", "target_commitish", "name", "body", "draft", "prerelease")


def begin_upload(it: Repository, request: Request) -> int | None:
    """What an upload's first bytes make: an asset in state ``starter``; its number, None if none is made.

    None too when the release has one of that name already, in whatever state.
    """
    asked = re.fullmatch(UPLOAD, request.below)
    if request.method != "POST" or not asked or not request.trusted:
        return None
    found = [one for one in it.releases if one["id"] == int(asked[1])]
    name = request.query.get("name")
    if not found or not name or name in {asset["name"] for asset in found[0]["assets"]}:
        return None
    made = it.add_asset(found[0], name, None)
    made["label"] = request.query.get("label", "")
    made["content_type"] = request.headers.get("content-type", BYTES)
    return int(made["id"])


def _releases(it: Repository, request: Request) -> Answer:
    return page(it, request, _seen(it, request))


def _release(it: Repository, request: Request, number: str) -> Answer:
    return one(_seen(it, request), "id", number, ok)


def _tagged(it: Repository, _: Request, tag: str) -> Answer:
    found = _public(it, tag)
    return ok(found[0]) if found else not_found()


def _latest(it: Repository, _: Request) -> Answer:
    found = [one for one in it.releases if not one["draft"] and not one["prerelease"]]
    return ok(found[0]) if found else not_found()


def _create(it: Repository, request: Request) -> Answer:
    content = request.body or {}
    if not content.get("tag_name"):
        return invalid("Release", "tag_name")
    if not content.get("draft") and _public(it, content["tag_name"]):
        return invalid("Release", "tag_name", "already_exists")
    made = it.release(content["tag_name"], draft=content.get("draft", False))
    made |= {key: content[key] for key in _FIELDS if key in content}
    return ok(made, HTTPStatus.CREATED)


def _change(it: Repository, request: Request, number: str) -> Answer:
    def change(found: Json) -> Answer:
        after = found | {key: value for key, value in request.body.items() if key in _FIELDS}
        others = [one for one in _public(it, after["tag_name"]) if one is not found]
        if not after["draft"] and others:
            return invalid("Release", "tag_name", "already_exists")
        if not after["draft"] and found["draft"]:
            after["published_at"] = stamp()
        found.update(after)
        return ok(found)

    return one(it.releases, "id", number, change)


def _delete(it: Repository, _: Request, number: str) -> Answer:
    def delete(found: Json) -> Answer:
        it.releases.remove(found)
        return Answer(status=HTTPStatus.NO_CONTENT)

    return one(it.releases, "id", number, delete)


def _assets(it: Repository, request: Request, number: str) -> Answer:
    return one(_seen(it, request), "id", number, lambda found: page(it, request, found["assets"]))


def _upload(it: Repository, request: Request, number: str) -> Answer:
    def finish(release: Json) -> Answer:
        if request.begun is None:
            there = request.query.get("name") in {asset["name"] for asset in release["assets"]}
            return (
                invalid("ReleaseAsset", "name", "already_exists")
                if there
                else invalid("ReleaseAsset", "name")
            )
        return one(release["assets"], "id", str(request.begun), store)

    def store(asset: Json) -> Answer:
        asset.update(release_objects.stored(request.content))
        it.contents[asset["id"]] = request.content
        return ok(asset, HTTPStatus.CREATED)

    return one(it.releases, "id", number, finish)


def _asset(it: Repository, request: Request, number: str) -> Answer:
    assets = [asset for release in _seen(it, request) for asset in release["assets"]]
    if request.headers.get("accept") != BYTES:
        return one(assets, "id", number, ok)
    # Signed for somebody who has no token.
    headers = {"location": f"{it.files}/blobs/{number}?sig=signature-of-the-tests"}
    return one(assets, "id", number, lambda _: Answer(status=HTTPStatus.FOUND, headers=headers))


def _rename_asset(it: Repository, request: Request, number: str) -> Answer:
    def change(found: Json) -> Answer:
        found |= {key: value for key, value in request.body.items() if key in ("name", "label")}
        return ok(found)

    return one([asset for release in it.releases for asset in release["assets"]], "id", number, change)


def _delete_asset(it: Repository, _: Request, number: str) -> Answer:
    for release in it.releases:
        for asset in release["assets"]:
            if asset["id"] == int(number):
                release["assets"].remove(asset)
                return Answer(status=HTTPStatus.NO_CONTENT)
    return not_found()


def _seen(it: Repository, request: Request) -> list[Json]:
    """The releases that somebody sees: drafts only who may write."""
    return [one for one in it.releases if request.trusted or not one["draft"]]


def _public(it: Repository, tag: str) -> list[Json]:
    return [one for one in it.releases if one["tag_name"] == tag and not one["draft"]]


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"releases", _releases),
    ("POST", r"releases", _create),
    ("GET", r"releases/latest", _latest),
    ("GET", r"releases/tags/(.+)", _tagged),
    ("GET", r"releases/(\d+)", _release),
    ("PATCH", r"releases/(\d+)", _change),
    ("DELETE", r"releases/(\d+)", _delete),
    ("GET", UPLOAD, _assets),
    ("POST", UPLOAD, _upload),
    ("GET", r"releases/assets/(\d+)", _asset),
    ("PATCH", r"releases/assets/(\d+)", _rename_asset),
    ("DELETE", r"releases/assets/(\d+)", _delete_asset),
)
