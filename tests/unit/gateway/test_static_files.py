"""The dashboard's files: types, caching, compression, and nothing outside of its directory."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from kurto_gateway.static_files import Dashboard

Client = TestClient[web.Request, web.Application]
INDEX = "<!doctype html><title>kurto</title>" + " " * 2000


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    directory = tmp_path / "dashboard"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text(INDEX)
    (directory / "favicon.svg").write_text("<svg/>")
    (directory / "assets" / "index-BX3kz9_q.js").write_text("let a = 1;" * 500)
    (directory / "assets" / "plain.css").write_text("a{}")
    (directory / "leak.txt").symlink_to(tmp_path / "secret.txt")
    return directory


@pytest.fixture
async def client(built: Path) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_get("/{path:.*}", Dashboard(built).handle)
    async with TestClient(TestServer(app), auto_decompress=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/machines/pump-7", "text/html; charset=utf-8", "no-cache"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
        ("/assets/plain.css", "text/css; charset=utf-8", "no-cache"),
        (
            "/assets/index-BX3kz9_q.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
    ],
)
async def test_types_and_caching(client: Client, path: str, content_type: str, cache: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == content_type
        assert answer.headers["Cache-Control"] == cache
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_a_known_file_is_not_sent_again(client: Client) -> None:
    async with client.get("/") as answer:
        etag = answer.headers["ETag"]
    async with client.get("/", headers={"If-None-Match": f'"other", {etag}'}) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
        assert answer.headers["ETag"] == etag


async def test_texts_are_compressed_when_the_client_can(client: Client) -> None:
    async with client.get("/", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(await answer.read()).decode() == INDEX
    async with client.get("/", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert (await answer.read()).decode() == INDEX


@pytest.mark.parametrize(
    "path",
    [
        "/missing.js",
        "/leak.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
    ],
)
async def test_nothing_else_can_be_asked_for(client: Client, path: str) -> None:
    async with client.get(path, allow_redirects=False) as answer:
        assert answer.status == 404
        assert "secret" not in await answer.text()


async def test_methods_that_change_things_are_refused(client: Client) -> None:
    async with client.post("/") as answer:
        assert answer.status == 405
    async with client.head("/") as answer:
        assert answer.status == 200


async def test_a_page_that_was_built_again_is_seen(client: Client, built: Path) -> None:
    async with client.get("/") as answer:
        before = answer.headers["ETag"]
    (built / "index.html").write_text(INDEX + "new")
    async with client.get("/") as answer:
        assert answer.headers["ETag"] != before


async def test_an_unbuilt_dashboard_says_how_to_build_it(tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_get("/{path:.*}", Dashboard(tmp_path / "none").handle)
    async with TestClient(TestServer(app)) as client, client.get("/") as answer:
        assert answer.status == 503
        assert "make dashboard" in await answer.text()
