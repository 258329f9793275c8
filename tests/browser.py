"""A real browser for reports: headless Chromium over its debugging pipe, so that no driver is needed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOUND = next((path for name in NAMES if (path := shutil.which(name))), None)
WAIT_S = 60.0

CLIPPED = """(() => {
  const cut = [], wide = document.documentElement.clientWidth, slack = 1;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const owner = node.parentElement;
    if (!node.data.trim() || owner.closest("script,style,noscript,thead")) continue;
    if (!owner.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (!box.width) continue;
      let where = box.left < -slack || box.right > wide + slack ? "the window" : "";
      for (let one = owner; one && !where; one = one.parentElement) {
        const style = getComputedStyle(one), edge = one.getBoundingClientRect();
        const across = style.overflowX, down = style.overflowY;
        if (across === "auto" || across === "scroll") break;
        if ((across !== "visible" && (box.left < edge.left - slack || box.right > edge.right + slack)) ||
            (down !== "visible" && (box.top < edge.top - slack || box.bottom > edge.bottom + slack)))
          where = one.tagName + "." + one.className;
      }
      if (where) cut.push(node.data.trim().slice(0, 60) + " | by " + where);
    }
  }
  if (document.documentElement.scrollWidth > wide) cut.push("the page is wider than the window");
  return cut;
})()"""
"""Texts that lie outside the window or outside a box that hides what overflows."""


class Browser:
    """One page of a running browser; ``log`` has its errors, ``requests`` what it asked of anyone."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._number, self._rest = to, back, 0, b""
        self.log: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = ""
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for what it returns."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        session = getattr(self, "_session", "")
        os.write(self._to, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while (message := self._read()).get("id") != self._number:
            self._note(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    def open(self, page: Path, width: int, height: int = 900) -> None:
        """Show a file in a window of so many pixels."""
        self.log.clear()
        self.requests.clear()
        phone = width < 600
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        self.send("Page.navigate", url=page.absolute().as_uri())
        end = time.monotonic() + WAIT_S
        while self.run("document.readyState") != "complete":
            assert time.monotonic() < end, "the page never loads"

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        message = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in message, message
        return message["result"].get("value")

    def clipped(self) -> list[str]:
        """Texts that a reader can't see whole."""
        found: list[str] = self.run(CLIPPED)
        return found

    def press(self, key: str, code: int) -> None:
        """Press and let go of a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)
        if key == "Enter":
            self.send("Input.dispatchKeyEvent", type="char", text="\r")

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.log.append(params["exceptionDetails"]["text"])
        elif event["method"] == "Runtime.consoleAPICalled" or event["method"] == "Log.entryAdded":
            self.log.append(json.dumps(params))
        elif event["method"] == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("data:", "about:")):
                self.requests.append(url)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._back, 1 << 16)
            assert more, "the browser has gone"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile; it ends with the block."""
    (theirs_in, to), (back, theirs_out) = os.pipe(), os.pipe()
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 64) for end in (theirs_in, theirs_out)]

    def descriptors() -> None:
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    command = [
        str(FOUND), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run", "--disable-extensions",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, preexec_fn=descriptors, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for end in (theirs_in, theirs_out, *ends):
        os.close(end)
    try:
        yield Browser(to, back)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(back)
