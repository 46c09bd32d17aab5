"""One wheel to a package index, by twine.

twine is used as a library, because it then ends with us, tells an answer's status, and stays silent for no
longer than we like. Who uploads is twine's business: TWINE_USERNAME and TWINE_PASSWORD, else the keyring,
else, on PyPI and TestPyPI, trusted publishing. A token of that lives 15
minutes, therefore each file gets its own.
"""

from __future__ import annotations

import copy
import html
import logging
import os
import re
import sys
import tempfile
import zipfile
import zlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from twine import exceptions
from twine.package import PackageFile
from twine.settings import Settings

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.publishing.index_trouble import IndexTrouble, asked_wait, is_passing

if TYPE_CHECKING:
    from twine.repository import Repository

# What twine makes of a damaged wheel.
_UNREADABLE = (
    exceptions.TwineException,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    RuntimeError,
    KeyError,
    TypeError,
    ValueError,
)
# PyPI has its reason in the page; HTTP/2 has no other place for it.
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_LENGTH = 200
_LOGIN = (
    "set TWINE_PASSWORD (and TWINE_USERNAME, if it is not PyPI), or store it with `keyring set`, or, in a"
    " job of GitHub's, let the index trust the workflow and give the job `id-token: write`"
)
_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "see to TWINE_USERNAME and TWINE_PASSWORD",
    HTTPStatus.FORBIDDEN: "see to TWINE_PASSWORD, and whether it may upload to this project",
    HTTPStatus.NOT_FOUND: "see to the URL",
    HTTPStatus.METHOD_NOT_ALLOWED: "see to the URL",
}

# What servers answer when they have the file, or another one of that name, besides to other mistakes.
_PERHAPS_THERE = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)


class Refused(UserError):
    """An index did not take a file; ``perhaps_there`` if that can be because it has one of that name."""

    def __init__(self, message: str, *, perhaps_there: bool) -> None:
        super().__init__(message)
        self.perhaps_there = perhaps_there


def read(path: Path) -> PackageFile:
    """What twine sends of a wheel besides its bytes.

    Raises:
        UserError: it is no wheel that an index takes.
    """
    try:
        return PackageFile.from_filename(str(path), comment=None)
    except _UNREADABLE as error:
        raise UserError(
            f"{path.name} is no wheel that an index takes ({type(error).__name__}: {error}); build it again"
        ) from None


def upload(package: PackageFile, url: str, *, silence: float = 120.0) -> None:
    """Send a wheel, once.

    Args:
        package: what ``read`` made of it.
        url: where the index takes uploads.
        silence: how many seconds the index may keep silent.

    Raises:
        IndexTrouble: the index did not say whether it took it; it may have.
        Refused: the index did not take it.
        UserError: nobody is named who may upload, or the URL or file is of no use.
    """
    name = package.basefilename
    repository, secret = _repository(url)
    repository.session.mount(url, _Impatient(silence))
    try:
        # What is counted as redirections there are attempts.
        response = repository.upload(package, max_redirects=1)
    except UnicodeError:
        raise UserError("TWINE_USERNAME or TWINE_PASSWORD cannot be sent in a header; set it again") from None
    except requests.RequestException as error:
        raise IndexTrouble(
            f"{url} does not answer the upload of {name} ({_scrubbed(str(error), secret)}); see to the"
            " network, and run this again: what is there is not sent twice"
        ) from None
    except OSError as error:
        raise UserError(f"{name} cannot be read ({error.strerror}); see to the folder") from None
    finally:
        repository.close()
    _check(response, name, secret)


def ensure_allowed(package: PackageFile, url: str, *, public: bool) -> None:
    """See that an index would take files of a wheel's project from whoever uploads, and store nothing there.

    What is sent is nothing that an index takes: an empty file, with the digests of the wheel. PyPI compares
    these after it has looked at who uploads what, and at the form of the file's name before
    (warehouse/forklift/legacy.py and forms.py there). Other indexes may not compare digests, so for them the
    name is not a wheel's.

    Args:
        package: a wheel of the project.
        url: where the index takes uploads.
        public: whether that is PyPI or TestPyPI.

    Raises:
        Refused: it would not.
        IndexTrouble, UserError: as ``upload``.
    """
    probe = copy.copy(package)
    if not public:
        probe.basefilename += ".not-a-wheel"
    with tempfile.TemporaryDirectory() as folder:
        probe.filename = str(Path(folder) / "empty")
        Path(probe.filename).touch()
        try:
            upload(probe, url)
        except Refused as error:
            # PyPI also answers so that a name is not to be had.
            if not error.perhaps_there or (public and "digest" not in str(error)):
                raise


def _repository(url: str) -> tuple[Repository, str]:
    """The way of twine's to the index, and the secret in it."""
    _listen()
    try:
        # Empty is what a workflow makes of a secret that it has not got.
        settings = Settings(
            repository_url=url,
            username=os.environ.get("TWINE_USERNAME") or None,
            password=os.environ.get("TWINE_PASSWORD") or None,
            cacert=os.environ.get("TWINE_CERT") or None,
            non_interactive=True,
            disable_progress_bar=not sys.stdout.isatty(),
        )
        return settings.create_repository(), settings.password or ""
    except exceptions.NonInteractive:
        raise UserError(f"nobody is named who uploads to {url}; {_LOGIN}") from None
    except (exceptions.TrustedPublishingFailure, requests.RequestException) as error:
        raise IndexTrouble(f"{url} gives no token ({error}); {_LOGIN}") from None
    except (KeyError, TypeError, ValueError) as error:
        # What twine makes of JSON that it does not expect.
        raise IndexTrouble(
            f"{url} gives no token (its answer has the wrong form: {type(error).__name__}); {_LOGIN}"
        ) from None
    except exceptions.TwineException as error:
        raise UserError(f"twine cannot upload to {url} ({error}); see to the URL") from None


@cache
def _listen() -> None:
    """Say what twine warns of, in our form; by itself it shows the whole traceback of a keyring's error."""
    twine = logging.getLogger("twine")
    twine.addHandler(_Said())
    twine.propagate = False


def _check(response: requests.Response, name: str, secret: str) -> None:
    """Raise what an answer means, if it is not that the file was taken."""
    status = response.status_code
    told = f"{status} {_scrubbed(_words(response), secret)}"
    if is_passing(status):
        raise IndexTrouble(
            f"{response.url} has trouble with {name} ({told}); run this again later: what is there is not"
            " sent twice",
            asked_wait(response.headers),
        )
    if response.is_redirect:
        where = response.headers["location"]
        raise UserError(f"{response.url} sends on to {where}; say that URL, if you trust it")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        advice = _ADVICE.get(status, "it will not be taken as it is")
        raise Refused(
            f"{response.url} refuses {name} ({told}); {advice}", perhaps_there=status in _PERHAPS_THERE
        )


def _words(response: requests.Response) -> str:
    """The reason that an index gives for an answer."""
    title = _TITLE.search(response.text[:10_000])
    words = html.unescape(title[1]) if title else response.reason
    return " ".join(words.split()).removeprefix(f"{response.status_code} ")


def _scrubbed(text: str, secret: str) -> str:
    """Text from outside for the screen: short, in printable characters, without the secret."""
    told = text.replace(secret, "***") if secret else text
    return "".join(it if it.isprintable() else "?" for it in told)[:_LENGTH]


class _Said(logging.Handler):
    """Says each record in one line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record, with the error that it is about."""
        error = record.exc_info[1] if record.exc_info else None
        log.say(f"   twine: {record.getMessage()}" + (f" ({error})" if error else ""))


class _Impatient(HTTPAdapter):
    """Requests that end when nothing comes for some seconds; by themselves they wait for ever."""

    def __init__(self, silence: float) -> None:
        super().__init__()
        self.silence = silence

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request with our patience."""
        return super().send(request, *args, **{**options, "timeout": self.silence})
