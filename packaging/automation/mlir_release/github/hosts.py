"""Which hosts are GitHub's, and which of them may be told the token."""

from __future__ import annotations

import ipaddress
import re

import httpx

from mlir_release.errors import UserError

API = "https://api.github.com"
# Besides GitHub's own, the API's hosts of companies whose data is kept in one place
# (docs.github.com, "About GitHub Enterprise Cloud with data residency").
_API_HOST = re.compile(r"api\.(?P<site>github\.com|[a-z0-9-]+\.ghe\.com)")


def check(api: str) -> None:
    """Check that a token may be sent to the API's URL.

    Raises:
        UserError: it is none, or not encrypted on its way.
    """
    try:
        url = httpx.URL(api)
    except httpx.InvalidURL:
        raise UserError(f"GITHUB_API_URL is no URL: {api!r}; unset it to mean {API}") from None
    if not is_safe(url) or not url.host:
        raise UserError(f"GITHUB_API_URL is not https://HOST: {api!r}; unset it to mean {API}")


def is_safe(url: httpx.URL) -> bool:
    """Whether nobody can read on the way what is sent to a URL."""
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, and no other: an address of loopback, or ``localhost``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_home(api: str, url: httpx.URL) -> bool:
    """Whether a URL is on the API's host."""
    return _origin(httpx.URL(api)) == _origin(url)


def takes_uploads(api: str, url: httpx.URL) -> bool:
    """Whether a URL is where files are uploaded to: the API's host, or its sister.

    ``upload_url`` of a release names it: uploads.github.com for api.github.com, and for GitHub Enterprise
    Server the same host (docs.github.com/rest/releases/assets, "Upload a release asset").
    """
    home = httpx.URL(api)
    known = _API_HOST.fullmatch(home.host)
    sister = home.copy_with(host=f"uploads.{known['site']}") if known else home
    return is_home(api, url) or _origin(url) == _origin(sister)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
