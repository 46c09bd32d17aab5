"""Which of GitHub's repositories a git remote is."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

# The hosts that git is used with; the third one is ssh on the port of https.
_HOSTS = ("github.com", "www.github.com", "ssh.github.com")
# git's short form of ssh: [user@]host:path, which has no slash before the colon (git-clone, "GIT URLS").
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?P<path>[^:]+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_SCHEMES = ("https", "http", "ssh", "git", "git+ssh")


def slug(url: str) -> str | None:
    """OWNER/NAME of the repository that a remote's URL means; None if it is not on GitHub.

    GitHub is github.com, or the server that ``GITHUB_SERVER_URL`` names, as it does in GitHub's own jobs.
    """
    host, path = _parts(url)
    name = path.strip("/").removesuffix(".git")
    return name if host in _hosts() and is_name(name) else None


def is_name(text: str) -> bool:
    """Whether this is the form of OWNER/NAME."""
    return _NAME.fullmatch(text) is not None


def _parts(url: str) -> tuple[str, str]:
    """Host and path of a URL of git's; empty where it has none."""
    if "://" not in url:
        short = _SCP.fullmatch(url)
        return (short["host"].lower(), short["path"]) if short else ("", "")
    try:
        split = urlsplit(url)
    except ValueError:  # brackets that close nowhere
        return "", ""
    return (split.hostname or "", split.path) if split.scheme in _SCHEMES else ("", "")


def _hosts() -> tuple[str, ...]:
    own = _parts(os.environ.get("GITHUB_SERVER_URL", ""))[0]
    return (*_HOSTS, own) if own else _HOSTS
