"""One repository of the stand-in for GitHub: what it holds, and what its API answers."""

from __future__ import annotations

import hashlib
import itertools
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import github_objects as objects
import github_release_objects as release_objects
import github_releases
from github_lists import invalid, one, page
from github_messages import Answer, error, not_found, ok

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from github_messages import Request
    from github_objects import Json

_FIELDS = ("title", "body", "state", "state_reason")


class Repository:
    """A repository's commits with their checks, its tags, issues, labels and releases, all as GitHub's JSON.

    ``contents`` are the bytes of the releases' files by their numbers, ``files`` is where they are had.
    """

    def __init__(self, name: str, number: int, api: str, files: str) -> None:
        self.name = name
        self.number = number
        self.api = api
        self.files = files
        self.url = f"{api}/repos/{name}"
        self.commits: set[str] = set()
        self.statuses: dict[str, list[Json]] = {}
        self.check_runs: dict[str, list[Json]] = {}
        self.issues: list[Json] = []
        self.comments: list[Json] = []
        self.labels: list[Json] = []
        self.releases: list[Json] = []
        self.contents: dict[int, bytes] = {}
        self.refs: dict[str, Json] = {}
        self.tag_objects: dict[str, Json] = {}
        self._numbers = itertools.count(1)

    def commit(self, sha: str) -> None:
        """Know a commit that nothing was reported for."""
        self.commits.add(sha)

    def status(self, sha: str, context: str, state: str) -> None:
        """Report a status (``error``, ``failure``, ``pending``, ``success``); the newest counts."""
        self.commit(sha)
        made = objects.status(self.url, next(self._numbers), context, state)
        others = [it for it in self.statuses.get(sha, []) if it["context"] != context]
        self.statuses[sha] = [made, *others]

    def check(self, sha: str, name: str, outcome: str, *, suite: int = 1) -> None:
        """Report a check run with its conclusion, or its status while it has none (``queued``, …).

        Those of one name in one suite are attempts at the same thing.
        """
        self.commit(sha)
        made = objects.check_run(self.url, next(self._numbers), sha, name=name, outcome=outcome, suite=suite)
        self.check_runs.setdefault(sha, []).insert(0, made)

    def issue(self, title: str, body: str | None = None, labels: tuple[str, ...] = ()) -> Json:
        made = objects.issue(self.api, self.name, len(self.issues) + 1, title, body)
        made["labels"] = [self.label(name) for name in labels]
        self.issues.insert(0, made)
        return made

    def label(self, name: str) -> Json:
        """A label, made when it is asked for first."""
        found = [it for it in self.labels if it["name"] == name]
        if not found:
            found = [objects.label(self.url, next(self._numbers), name)]
            self.labels += found
        return found[0]

    def release(
        self,
        tag: str,
        published: dt.datetime | None = None,
        *,
        draft: bool = False,
        prerelease: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> Json:
        """Publish a release, now if no time is given, with files."""
        number = next(self._numbers)
        made = release_objects.release(
            self.api, self.name, number, tag, draft=draft, prerelease=prerelease, published=published
        )
        for name, content in (files or {}).items():
            self.add_asset(made, name, content)
        self.releases.insert(0, made)
        return made

    def add_asset(self, release: Json, name: str, content: bytes | None) -> Json:
        """Add a file to a release; the beginning of an upload that does not end, if there is no content."""
        number = next(self._numbers)
        made = release_objects.asset(self.api, self.name, release["tag_name"], number, name=name)
        if content is not None:
            made.update(release_objects.stored(content))
            self.contents[number] = content
        release["assets"].append(made)
        return made

    def tag(self, name: str, commit: str, *, annotated: bool = True) -> None:
        """Put a git tag on a commit."""
        sha, kind = commit, "commit"
        if annotated:
            sha, kind = hashlib.sha1(f"{name} {commit}".encode()).hexdigest(), "tag"
            self.tag_objects[sha] = release_objects.tag(self.url, sha, name, commit)
        self.refs[f"tags/{name}"] = release_objects.ref(self.url, f"tags/{name}", kind, sha)

    def answer(self, request: Request) -> Answer:
        """What the API says to a request about this repository."""
        for method, pattern, route in _ROUTES:
            found = re.fullmatch(pattern, request.below)
            if found and method == request.method:
                return route(self, request, *found.groups())
        return not_found()


def _repository(it: Repository, _: Request) -> Answer:
    return ok(objects.repository(it.api, it.name, it.number))


def _status(it: Repository, request: Request, sha: str) -> Answer:
    if sha not in it.commits:
        return not_found()
    known = it.statuses.get(sha, [])
    states = {one["state"] for one in known}
    bad, unfinished = states & {"error", "failure"}, not states or "pending" in states
    part = page(it, request, known)
    combined = {
        "state": "failure" if bad else "pending" if unfinished else "success",
        "statuses": part.content,
        "sha": sha,
        "total_count": len(known),
        "repository": objects.small_repository(it.api, it.name, it.number),
        "commit_url": f"{it.url}/commits/{sha}",
        "url": f"{it.url}/commits/{sha}/status",
    }
    return ok(combined, headers=part.headers)


def _check_runs(it: Repository, request: Request, sha: str) -> Answer:
    if sha not in it.commits:
        return error(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {sha}")
    known = it.check_runs.get(sha, [])
    if request.query.get("filter", "latest") == "latest":
        # The newest ones come first.
        newest = {(one["check_suite"]["id"], one["name"]): one for one in reversed(known)}
        known = [one for one in known if one in newest.values()]
    part = page(it, request, known)
    return ok({"total_count": len(known), "check_runs": part.content}, headers=part.headers)


def _issues(it: Repository, request: Request) -> Answer:
    state = request.query.get("state", "open")
    labels = {name for name in request.query.get("labels", "").split(",") if name}
    found = [one for one in it.issues if state in ("all", one["state"])]
    return page(it, request, [each for each in found if labels <= {tied["name"] for tied in each["labels"]}])


def _open_issue(it: Repository, request: Request) -> Answer:
    if not request.body.get("title"):
        return invalid("Issue", "title")
    made = it.issue(request.body["title"], request.body.get("body"), tuple(request.body.get("labels", ())))
    return ok(made, HTTPStatus.CREATED)


def _issue(it: Repository, _: Request, number: str) -> Answer:
    return one(it.issues, "number", number, ok)


def _change_issue(it: Repository, request: Request, number: str) -> Answer:
    def change(found: Json) -> Answer:
        found |= {key: value for key, value in request.body.items() if key in _FIELDS}
        found["closed_at"] = objects.stamp() if found["state"] == "closed" else None
        return ok(found)

    if request.body.get("state", "open") not in ("open", "closed"):
        return invalid("Issue", "state")
    return one(it.issues, "number", number, change)


def _comment(it: Repository, request: Request, number: str) -> Answer:
    def add(found: Json) -> Answer:
        text = request.body["body"]
        made = objects.comment(it.api, it.name, found["number"], len(it.comments) + 1, text)
        it.comments.append(made)
        found["comments"] += 1
        return ok(made, HTTPStatus.CREATED)

    return one(it.issues, "number", number, add)


def _comments(it: Repository, request: Request, number: str) -> Answer:
    about = f"{it.url}/issues/{number}"
    return page(it, request, [one for one in it.comments if one["issue_url"] == about])


def _ref(it: Repository, _: Request, name: str) -> Answer:
    return ok(it.refs[name]) if name in it.refs else not_found()


def _tag_object(it: Repository, _: Request, sha: str) -> Answer:
    return ok(it.tag_objects[sha]) if sha in it.tag_objects else not_found()


_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "", _repository),
    ("GET", r"commits/([^/]+)/status", _status),
    ("GET", r"commits/([^/]+)/check-runs", _check_runs),
    ("GET", r"issues", _issues),
    ("POST", r"issues", _open_issue),
    ("GET", r"issues/(\d+)", _issue),
    ("PATCH", r"issues/(\d+)", _change_issue),
    ("GET", r"issues/(\d+)/comments", _comments),
    ("POST", r"issues/(\d+)/comments", _comment),
    ("GET", r"git/ref/(.+)", _ref),
    ("GET", r"git/tags/([0-9a-f]+)", _tag_object),
    *github_releases.ROUTES,
)
