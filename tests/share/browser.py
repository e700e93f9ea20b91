"""Headless Chromium, driven by its DevTools protocol through a pipe: the standard library is all that it takes."""

import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
KEYS = {
    "Enter": 13, "Tab": 9, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40, "Home": 36,
    "End": 35,
}  # fmt: skip
TEXTS = {"Enter": "\r", " ": " "}


class Browser:
    """One page in a browser: what it is asked, what it logged, what it wanted to load."""

    def __init__(self, process: subprocess.Popen[bytes], into: int, out: int) -> None:
        self._process, self._into, self._out = process, into, out
        self._number, self._rest, self._session = 0, b"", ""
        self.logged: list[str] = []
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to one request; what the page reports meanwhile is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._into, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._keep(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._out, 65_536)
            assert chunk, "the browser has ended"
            self._rest += chunk
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _keep(self, event: dict[str, Any]) -> None:
        method, values = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif method == "Log.entryAdded":
            self.logged.append(values["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.logged.append(str(values["exceptionDetails"].get("exception", values)))
        elif method == "Runtime.consoleAPICalled":
            self.logged.append(str(values["args"]))

    def open(self, page: Path, wide: int = 1280, high: int = 900, dark: bool = False, script: bool = True) -> None:
        """Load a page, as on a screen of a size in px."""
        self.logged, self.requests = [], []
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.ask("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=wide < 640)
        self.ask("Page.navigate", url=page.as_uri())
        while True:
            event = self._next()
            self._keep(event)
            if event.get("method") == "Page.loadEventFired":
                return

    def value(self, expression: str) -> Any:
        """Return what an expression of the page's language is."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        """Return the texts of the elements that are shown, in order."""
        return list(
            self.value(
                f"[...document.querySelectorAll({json.dumps(selector)})].filter(e => e.checkVisibility())"
                ".map(e => e.textContent.trim())"
            )
        )

    def place(self, selector: str, part: float = 0.5) -> tuple[float, float]:
        """Return a point of an element, ``part`` of its width from its left, once it is scrolled to."""
        x, y = self.value(
            f"(() => {{const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', "
            f"behavior: 'instant'}}); const r = e.getBoundingClientRect(); return [r.x + r.width * {part}, "
            "r.y + r.height / 2]})()"
        )
        return float(x), float(y)

    def click(self, selector: str) -> None:
        """Press the mouse's button on the middle of an element."""
        x, y = self.place(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            count = 0 if kind == "mouseMoved" else 1
            button = "none" if kind == "mouseMoved" else "left"
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=count)

    def hover(self, selector: str, part: float = 0.5) -> None:
        """Move the mouse onto an element."""
        x, y = self.place(selector, part)
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def focus(self, selector: str) -> None:
        """Give an element the keyboard."""
        self.value(f"document.querySelector({json.dumps(selector)}).focus()")

    def press(self, *keys: str) -> None:
        """Press keys by their names."""
        for key in keys:
            more = {"text": TEXTS[key]} if key in TEXTS else {}
            code = {"key": key, "windowsVirtualKeyCode": KEYS[key]}
            self.ask("Input.dispatchKeyEvent", type="keyDown", **code, **more)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **code)

    def write(self, text: str) -> None:
        """Type a text where the keyboard is."""
        self.ask("Input.insertText", text=text)

    def picture(self, path: Path, whole: bool = False) -> None:
        """Save what is seen, or the whole page, as PNG."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(b64decode(data))

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self.ask("Browser.close")
        self._process.wait(20)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own in a folder; it ends with the block."""
    assert PROGRAM
    from_us, into = os.pipe()
    out, to_us = os.pipe()
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    command = [PROGRAM, *flags, f"--user-data-dir={folder}", "--remote-debugging-pipe"]

    def move() -> None:  # the browser reads its pipe 3 and writes into its pipe 4
        high = os.dup(from_us), os.dup(to_us)
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        command, preexec_fn=move, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(from_us)
    os.close(to_us)
    try:
        made = Browser(process, into, out)
        yield made
        made.close()
    finally:
        process.kill()
        process.wait()
        os.close(into)
        os.close(out)
