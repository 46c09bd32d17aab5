"""A real browser without a screen, driven by its DevTools protocol over a pipe; that needs no library."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = "chromium-headless-shell"  # also the name of Debian's package
_PATIENCE = 60.0


@dataclass
class Page:
    """One tab. ``events`` is all that the browser told so far, by the protocol's names."""

    pipe: _Pipe
    session: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol; return its result."""
        number = self.pipe.send(method, params, self.session)
        while True:
            message = self.pipe.receive()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def open(self, url: str, *, width: int = 1280, dark: bool = False, script: bool = True) -> None:
        """Load a page as a reader with this screen and these settings sees it."""
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.ask("Page.navigate", url=url)
        deadline = time.monotonic() + _PATIENCE
        while not self.told("Page.loadEventFired"):
            assert time.monotonic() < deadline, f"{url} does not load"
            self.ask("Browser.getVersion")

    def told(self, method: str) -> list[dict[str, Any]]:
        """What the browser told under a name."""
        return [it["params"] for it in self.events if it.get("method") == method]

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click the middle of the first element of a selector, as a mouse does."""
        self.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        box = self.value(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Enter text where the focus is."""
        self.ask("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key that has a name: ``Tab``, ``Enter``."""
        code, text = {"Tab": (9, ""), "Enter": (13, "\r")}[key]
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A picture of what is seen, or of the whole page."""
        taken = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def complaints(self) -> list[str]:
        """What the browser's console says: errors of scripts, of loading, of what the page may not do."""
        thrown = [it["exceptionDetails"]["text"] for it in self.told("Runtime.exceptionThrown")]
        return thrown + [
            f"{it['entry']['level']}: {it['entry']['text']}" for it in self.told("Log.entryAdded")
        ]


class _Pipe:
    """The two ends: messages in JSON, each with a zero byte after it."""

    def __init__(self, to: IO[bytes], back: IO[bytes]) -> None:
        self._to, self._back = to, back
        self._numbers = itertools.count(1)
        self._rest = b""

    def send(self, method: str, params: dict[str, Any], session: str | None) -> int:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        message |= {"sessionId": session} if session else {}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        return number

    def receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._back.fileno(), 1 << 20)
            assert part, "the browser is gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = self.send(method, params, None)
        while (message := self.receive()).get("id") != number:
            pass
        return dict(message["result"])


@contextmanager
def browser(program: Path, folder: Path) -> Iterator[Page]:
    """A tab of a browser that is started now and ended after.

    Args:
        program: Chromium, or its shell without a screen.
        folder: takes its profile.
    """
    (down, to), (back, up) = os.pipe(), os.pipe()
    # Root's browsers do without their sandbox; they see only the tests' own pages.
    words = [str(program), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    words += ["--disable-dev-shm-usage", f"--user-data-dir={folder}", "--hide-scrollbars", "about:blank"]

    def adopt() -> None:
        # The protocol's two ends have fixed numbers.
        os.dup2(down, 63)
        os.dup2(up, 64)
        os.dup2(63, 3)
        os.dup2(64, 4)

    with (
        subprocess.Popen(
            words,
            preexec_fn=adopt,  # noqa: PLW1509 -- no thread runs that holds a lock in the child
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
        ) as process,
        os.fdopen(to, "wb") as sending,
        os.fdopen(back, "rb") as receiving,
    ):
        os.close(down)
        os.close(up)
        try:
            pipe = _Pipe(sending, receiving)
            yield _tab(pipe)
            # It ends its own processes, which write to the profile.
            pipe.send("Browser.close", {}, None)
            process.wait(_PATIENCE)
        finally:
            process.kill()


def _tab(pipe: _Pipe) -> Page:
    target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
    session = pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    page = Page(pipe, session)
    for domain in ("Page", "Runtime", "Log", "Accessibility"):
        page.ask(f"{domain}.enable")
    return page
