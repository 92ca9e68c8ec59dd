"""The built dashboard, served from memory: only files found in its directory can be asked for."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import web

__all__ = ["Dashboard", "StaticFile", "load_files"]

_INDEX = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_COMPRESSED = {".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest"}
_LEAST_COMPRESSED_BYTES = 1024
# The build puts a hash of the content into these names: the content of one never changes.
_HASHED = re.compile(r"assets/.+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+")
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>kurto: dashboard not built</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto">
<h1>The dashboard has not been built</h1>
<p>kurto itself is running: gRPC and the addresses below <code>/api/</code> work.</p>
<p>Build the page with <code>make dashboard</code> in the checkout, then load this page again.</p>
</body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file as it is sent."""

    content: bytes
    compressed: bytes | None
    content_type: str
    etag: str
    cache_control: str


def load_files(directory: Path) -> dict[str, StaticFile]:
    """Return the files below `directory` by their relative address.

    Links that lead out of the directory are left out.
    """
    root = directory.resolve()
    found = {}
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file() and path.resolve().is_relative_to(root):
            name = path.relative_to(root).as_posix()
            found[name] = _file(name, path.read_bytes())
    return found


def _file(name: str, content: bytes) -> StaticFile:
    suffix = PurePosixPath(name).suffix.lower()
    compressed = None
    if suffix in _COMPRESSED and len(content) >= _LEAST_COMPRESSED_BYTES:
        compressed = gzip.compress(content, 6, mtime=0)
    return StaticFile(
        content=content,
        compressed=compressed,
        content_type=_TYPES.get(suffix, "application/octet-stream"),
        # Weak: the same for the compressed form.
        etag=f'W/"{hashlib.sha256(content).hexdigest()[:20]}"',
        cache_control=(
            "public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-cache"
        ),
    )


class Dashboard:
    """Serves the dashboard.

    Parameters
    ----------
    directory : Path
        Where the built files are; looked at again whenever the page in it changes.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stamp: tuple[int, int] | None = None
        self._files: dict[str, StaticFile] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a GET or HEAD."""
        self._refresh()
        if _INDEX not in self._files:
            return web.Response(
                status=503, text=_NOT_BUILT, content_type="text/html",
                headers={"Cache-Control": "no-store"},
            )  # fmt: skip
        name = request.path.lstrip("/") or _INDEX
        file = self._files.get(name)
        if file is None and "." not in PurePosixPath(name).name:
            file = self._files[_INDEX]  # an address of the page's own
        if file is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        return _answer(request, file)

    def _refresh(self) -> None:
        stamp = _stamp(self._directory / _INDEX)
        if stamp != self._stamp:
            self._stamp = stamp
            self._files = load_files(self._directory) if stamp else {}


def _stamp(index: Path) -> tuple[int, int] | None:
    try:
        facts = index.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def _answer(request: web.Request, file: StaticFile) -> web.Response:
    headers = {
        "Content-Type": file.content_type,
        "Cache-Control": file.cache_control,
        "ETag": file.etag,
        **_SECURITY,
    }
    if file.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
    known = request.headers.get("If-None-Match", "")
    if known == "*" or file.etag in (tag.strip() for tag in known.split(",")):
        return web.Response(status=304, headers=headers)
    if file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=file.compressed, headers=headers)
    return web.Response(body=file.content, headers=headers)
