"""One repository of the stand-in for GitHub: what it holds, and what its API answers."""

from __future__ import annotations

import itertools
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import github_objects as objects
from github_messages import Answer, error, not_found, ok

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from github_messages import Request
    from github_objects import Json

_PAGE = 30
_LARGEST_PAGE = 100
_FIELDS = ("title", "body", "state", "state_reason")


class Repository:
    """A repository's commits with their checks, its issues, labels and releases, all as GitHub's JSON."""

    def __init__(self, name: str, number: int, api: str) -> None:
        self.name = name
        self.number = number
        self.api = api
        self.url = f"{api}/repos/{name}"
        self.commits: set[str] = set()
        self.statuses: dict[str, list[Json]] = {}
        self.check_runs: dict[str, list[Json]] = {}
        self.issues: list[Json] = []
        self.comments: list[Json] = []
        self.labels: list[Json] = []
        self.releases: list[Json] = []
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
        made = objects.release(
            self.api, self.name, number, tag, draft=draft, prerelease=prerelease, published=published
        )
        made["assets"] = [
            objects.asset(self.api, self.name, tag, next(self._numbers), name=name, content=content)
            for name, content in (files or {}).items()
        ]
        self.releases.insert(0, made)
        return made

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
    page = _page(it, request, known)
    combined = {
        "state": "failure" if bad else "pending" if unfinished else "success",
        "statuses": page.content,
        "sha": sha,
        "total_count": len(known),
        "repository": objects.small_repository(it.api, it.name, it.number),
        "commit_url": f"{it.url}/commits/{sha}",
        "url": f"{it.url}/commits/{sha}/status",
    }
    return ok(combined, headers=page.headers)


def _check_runs(it: Repository, request: Request, sha: str) -> Answer:
    if sha not in it.commits:
        return error(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {sha}")
    known = it.check_runs.get(sha, [])
    if request.query.get("filter", "latest") == "latest":
        # The newest ones come first.
        newest = {(one["check_suite"]["id"], one["name"]): one for one in reversed(known)}
        known = [one for one in known if one in newest.values()]
    page = _page(it, request, known)
    return ok({"total_count": len(known), "check_runs": page.content}, headers=page.headers)


def _issues(it: Repository, request: Request) -> Answer:
    state = request.query.get("state", "open")
    labels = {name for name in request.query.get("labels", "").split(",") if name}
    found = [one for one in it.issues if state in ("all", one["state"])]
    return _page(it, request, [one for one in found if labels <= {tied["name"] for tied in one["labels"]}])


def _open_issue(it: Repository, request: Request) -> Answer:
    if not request.body.get("title"):
        return _invalid("Issue", "title")
    made = it.issue(request.body["title"], request.body.get("body"), tuple(request.body.get("labels", ())))
    return ok(made, HTTPStatus.CREATED)


def _issue(it: Repository, _: Request, number: str) -> Answer:
    return _one(it.issues, "number", number, ok)


def _change_issue(it: Repository, request: Request, number: str) -> Answer:
    def change(found: Json) -> Answer:
        found |= {key: value for key, value in request.body.items() if key in _FIELDS}
        found["closed_at"] = objects.stamp() if found["state"] == "closed" else None
        return ok(found)

    if request.body.get("state", "open") not in ("open", "closed"):
        return _invalid("Issue", "state")
    return _one(it.issues, "number", number, change)


def _comment(it: Repository, request: Request, number: str) -> Answer:
    def add(found: Json) -> Answer:
        text = request.body["body"]
        made = objects.comment(it.api, it.name, found["number"], len(it.comments) + 1, text)
        it.comments.append(made)
        found["comments"] += 1
        return ok(made, HTTPStatus.CREATED)

    return _one(it.issues, "number", number, add)


def _comments(it: Repository, request: Request, number: str) -> Answer:
    about = f"{it.url}/issues/{number}"
    return _page(it, request, [one for one in it.comments if one["issue_url"] == about])


def _releases(it: Repository, request: Request) -> Answer:
    return _page(it, request, [one for one in it.releases if request.trusted or not one["draft"]])


def _release(it: Repository, _: Request, number: str) -> Answer:
    return _one(it.releases, "id", number, ok)


def _delete_release(it: Repository, _: Request, number: str) -> Answer:
    def delete(found: Json) -> Answer:
        it.releases.remove(found)
        return Answer(status=HTTPStatus.NO_CONTENT)

    return _one(it.releases, "id", number, delete)


def _one(known: list[Json], key: str, number: str, work: Callable[[Json], Answer]) -> Answer:
    found = [one for one in known if one[key] == int(number)]
    return work(found[0]) if found else not_found()


def _invalid(resource: str, field: str) -> Answer:
    wrong = {"resource": resource, "code": "missing_field", "field": field}
    return error(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", wrong)


def _page(it: Repository, request: Request, items: list[Any]) -> Answer:
    """The page of a list that was asked for, with links to the others, which have the repository's number."""
    size = min(int(request.query.get("per_page", _PAGE)), _LARGEST_PAGE)
    page = int(request.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    wanted = {"next": page + 1, "last": last} if page < last else {}
    wanted |= {"prev": page - 1, "first": 1} if page > 1 else {}
    links = [f'<{_link(it, request, number)}>; rel="{rel}"' for rel, number in wanted.items()]
    headers = {"link": ", ".join(links)} if links else {}
    return ok(items[(page - 1) * size : page * size], headers=headers)


def _link(it: Repository, request: Request, page: int) -> str:
    query = "&".join(f"{key}={value}" for key, value in (request.query | {"page": str(page)}).items())
    return f"{it.api}/repositories/{it.number}/{request.below}?{query}"


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
    ("GET", r"releases", _releases),
    ("GET", r"releases/(\d+)", _release),
    ("DELETE", r"releases/(\d+)", _delete_release),
)
