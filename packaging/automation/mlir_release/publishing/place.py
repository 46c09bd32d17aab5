"""Where a release is uploaded to: the two URLs of a package index, and who sees what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
from packaging.version import Version
from twine import repository, utils

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.github import hosts
from mlir_release.publishing.simple_api import Index

if TYPE_CHECKING:
    from mlir_release.publishing.manifest import Manifest

PYPI = utils.DEFAULT_REPOSITORY
TESTPYPI = utils.TEST_REPOSITORY
_INDEXES = {PYPI: f"{repository.WAREHOUSE_WEB}simple/", TESTPYPI: f"{repository.TEST_WAREHOUSE}simple/"}
_PUBLIC = httpx.URL(repository.WAREHOUSE_WEB).host
# Where servers have their index, seen from the URL for uploads: pypiserver and most others, devpi, and
# those that are laid out as PyPI is.
_BELOW = ("simple/", "+simple/", "../simple/")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A package index by its URL for uploads.

    ``public`` is PyPI or TestPyPI, where nothing can be taken back; ``loopback`` this machine.
    """

    url: str
    public: bool
    loopback: bool

    @classmethod
    def at(cls, url: str) -> Place:
        """The place that a URL for uploads means.

        Raises:
            UserError: it cannot be right, or what is sent there could be read on the way.
        """
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            raise UserError(f"{url!r} is no URL; say where the index takes uploads: https://HOST/") from None
        if parts.userinfo:
            raise UserError(
                "a name and a password in a URL get into logs; put them into TWINE_USERNAME and"
                " TWINE_PASSWORD"
            )
        if not parts.host or not hosts.is_safe(parts) or parts.query or parts.fragment:
            raise UserError(f"{url!r} is not https://HOST/; say where the index takes uploads")
        host = parts.host.rstrip(".")
        public = host == _PUBLIC or host.endswith(f".{_PUBLIC}")
        if public and url not in _INDEXES:
            raise UserError(f"{url} takes no uploads; say --to pypi, or --to testpypi")
        return cls(url=url, public=public, loopback=hosts.is_loopback(parts.host))

    def ensure_takes(self, manifest: Manifest) -> None:
        """See that a release may come here.

        Raises:
            UserError: it is a rehearsal, or one that does not belong on PyPI.
        """
        if manifest.rehearsal and not self.loopback:
            raise UserError(
                f"{manifest.tag} was gathered as a rehearsal, and {self.url} is not on this machine; gather"
                " it without --rehearse"
            )
        version = Version(manifest.version)
        if self.public and (version.is_devrelease or version.local):
            raise UserError(
                f"{manifest.version} is not a numbered release, and only these go to {self.url}; snapshots go"
                " to GitHub"
            )

    def index(self) -> Index:
        """What tells which files are here.

        Raises:
            UserError: there is none.
        """
        if self.public:
            return Index(url=_INDEXES[self.url])
        base = self.url if self.url.endswith("/") else f"{self.url}/"
        for below in _BELOW:
            index = Index(url=urljoin(base, below))
            if index.is_there():
                log.say(f"   what is there is read from {index.url}")
                return index
        raise UserError(
            f"{self.url} has no index at {' or '.join(_BELOW)}, so what is there already cannot be told;"
            " see to the URL"
        )
