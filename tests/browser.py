"""Open a built site in headless Chromium, and hear everything that goes wrong there.

Used by the site's tests, and by hand: `python tests/browser.py site /tmp/shots` writes a picture of
every page in both colour schemes and two widths, and prints what the browser complained about.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, Response, sync_playwright

from lessonkit.press.site import policy

SCHEMES = ("light", "dark")
WIDTHS = {"wide": 1360, "phone": 390}
# The flags keep Chromium from asking its maker anything while we count requests.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Complaints:
    """What a page did that it should not have done, as sentences."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        return [*self.errors, *self.outside, *self.missing]


class _Careful(http.server.SimpleHTTPRequestHandler):
    """A host that lets pages run nothing but the site's files, and has a page for what is not."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", policy.HEADER)
        super().end_headers()

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        missing = Path(self.directory, "404.html")
        content = missing.read_bytes() if missing.is_file() else b"not there"
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output for the tests."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve the folder on a free port of this machine, as a careful host; give its address."""
    handler = functools.partial(_Careful, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


MISSING = "no Chromium on this machine"


@functools.cache
def find_chromium() -> str | None:
    """Find a Chromium or Chrome on this machine, or Playwright's own; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or _playwrights_own()


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def how_to_install() -> str:
    """Return the command that brings a browser."""
    if shutil.which("apt-get"):
        return "sudo apt-get install chromium"
    return f"{sys.executable} -m playwright install chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium, and close it at the end."""
    executable = find_chromium()
    if executable is None:
        raise FileNotFoundError(f"{MISSING}: {how_to_install()}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


# Figures that are off the screen join the page in quiet moments (lessonkit.js).
SETTLED = "!document.querySelector('.lk-canvas:not([data-settled])')"
# So do pictures, when a reader comes near them.
EAGER = "document.querySelectorAll('img[loading]').forEach(img => img.loading = 'eager')"


def wait_until(page: Page, condition: str, seconds: float = 30) -> None:
    """Wait for a condition of a page.

    Playwright's own `wait_for_function` asks from within the page when the first answer is no, and
    there a strict policy lets no text become code.

    Raises:
        TimeoutError: it is not so in time.
    """
    until = time.monotonic() + seconds
    while not page.evaluate(condition):
        if time.monotonic() > until:
            raise TimeoutError(f"after {seconds:g} s it is still not so on {page.url}: {condition}")
        page.wait_for_timeout(50)


@contextmanager
def open_page(
    browser: Browser, address: str, scheme: str = "light", width: int = 1360
) -> Iterator[tuple[Page, Complaints]]:
    """Open one page in a fresh profile and wait until it is quiet.

    Parameters:
        browser: What `chromium()` gave.
        address: Where the page stands, as under `serve()`.
        scheme: "light" or "dark": what the reader's system prefers.
        width: Of the window, in CSS pixels.

    Returns:
        The page, and the complaints so far; both go on living until the block ends.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints = Complaints()
    home = "/".join(address.split("/")[:3])

    def hear_request(request: Request) -> None:
        if not request.url.startswith((home + "/", "data:", "blob:")):
            complaints.outside.append(f"asks another host: {request.url}")

    def hear_response(response: Response) -> None:
        if response.status >= 400:
            complaints.missing.append(f"{response.status}: {response.url}")

    def hear_console(message: Any) -> None:
        if message.type in ("error", "warning"):
            complaints.errors.append(f"console {message.type}: {message.text}")

    page.on("request", hear_request)
    page.on("response", hear_response)
    page.on("console", hear_console)
    page.on("pageerror", lambda error: complaints.errors.append(f"page error: {error}"))
    try:
        page.goto(address, wait_until="networkidle")
        wait_until(page, SETTLED)
        yield page, complaints
    finally:
        context.close()


def find_pages(site: Path) -> list[str]:
    """List the pages of a built site, as paths below its address ("" is the home page)."""
    pages = sorted(site.rglob("index.html"))
    return [path.parent.relative_to(site).as_posix().removeprefix(".") for path in pages]


def take_pictures(site: Path, folder: Path, pages: list[str] | None = None) -> list[str]:
    """Write a full-page picture of each page, scheme and width, and return all complaints."""
    folder.mkdir(parents=True, exist_ok=True)
    heard: list[str] = []
    with serve(site) as home, chromium() as browser:
        for path in find_pages(site) if pages is None else [page.strip("/") for page in pages]:
            for scheme in SCHEMES:
                for name, width in WIDTHS.items():
                    address = home + (path + "/" if path else "")
                    with open_page(browser, address, scheme, width) as (page, complaints):
                        page.evaluate(EAGER)
                        page.wait_for_load_state("networkidle")
                        stem = path.replace("/", "-") or "home"
                        page.screenshot(path=folder / f"{stem}-{scheme}-{name}.png", full_page=True)
                        heard += [f"/{path} ({scheme}, {name}): {c}" for c in complaints.all()]
    return heard


if __name__ == "__main__":
    found = take_pictures(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or None)
    print("\n".join(found) or "no complaints")
    sys.exit(bool(found))
