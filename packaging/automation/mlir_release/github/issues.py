"""Issues that a program opens and closes: one at most for each thing that it has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release.github.answers import understood
from mlir_release.github.errors import GitHubError, NoAnswer

if TYPE_CHECKING:
    from mlir_release.github.client import Client


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue: its number, its title, its page for people."""

    number: int
    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """By what a program knows its issues again.

    ``label`` is one that only those can set who may write to the repository; ``marker`` is a text that the
    issue's body holds, best an HTML comment, which is not shown.
    """

    label: str
    marker: str


def find(client: Client, subject: Subject) -> tuple[Issue, ...]:
    """The open issues about a subject, oldest first; more than one only while two programs open theirs.

    Raises:
        GitHubError: GitHub cannot be asked.
    """
    listed = client.pages("issues", state="open", labels=subject.label, sort="created", direction="asc")
    # For GitHub, pull requests are issues too.
    found = [it for it in listed if subject.marker in (it.get("body") or "") and "pull_request" not in it]
    return tuple(sorted((understood(_issue, it) for it in found), key=lambda it: it.number))


def ensure(client: Client, subject: Subject, *, title: str, body: str) -> tuple[Issue, bool]:
    """The one open issue about a subject, and whether it was opened now.

    Whoever opens one at the same time as somebody else finds both, and the younger one is closed again.

    Args:
        client: of the repository; its token must be allowed to write issues and to label them.
        subject: what it is about.
        title: of a new one.
        body: of a new one, Markdown; the marker is added to it.

    Raises:
        GitHubError: it could not be opened, or not labelled.
    """
    already = find(client, subject)
    if already:
        return already[0], False
    opened = _open(client, subject, title, f"{body}\n\n{subject.marker}")
    first = min((opened, *find(client, subject)), key=lambda it: it.number)
    if first.number != opened.number:
        close(client, opened, f"#{first.number} says the same already.", reason="not_planned")
    return first, first.number == opened.number


def comment(client: Client, issue: Issue, text: str) -> None:
    """Add a comment, Markdown, to an issue.

    Raises:
        GitHubError: it could not be added.
    """
    client.post(f"issues/{issue.number}/comments", {"body": text})


def close(client: Client, issue: Issue, text: str, *, reason: str = "completed") -> None:
    """Say in a comment why an issue is done with, and close it.

    Args:
        client: of the repository.
        issue: an open one.
        text: the comment, Markdown.
        reason: ``completed`` or ``not_planned``.

    Raises:
        GitHubError: it could not be closed.
    """
    comment(client, issue, text)
    client.patch(f"issues/{issue.number}", {"state": "closed", "state_reason": reason})


def _open(client: Client, subject: Subject, title: str, body: str) -> Issue:
    try:
        made = client.post("issues", {"title": title, "body": body, "labels": [subject.label]})
    except NoAnswer as error:
        # It may be there all the same; opening another one is worse than looking.
        found = find(client, subject) if error.happened else ()
        if not found:
            raise
        return found[0]
    opened = understood(_issue, made)
    if subject.label not in understood(_labels, made):
        raise GitHubError(
            f"{opened.url} was opened, but without its label {subject.label}, for the token may not label"
            " issues; add it by hand"
        )
    return opened


def _issue(it: dict[str, Any]) -> Issue:
    return Issue(number=int(it["number"]), title=str(it["title"]), url=str(it["html_url"]))


def _labels(it: dict[str, Any]) -> list[str]:
    return [str(label["name"]) for label in it["labels"]]
