"""Verification and download, against a server on this machine."""

import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tildex.data import DataError, File
from tildex.data.sets import published as files_module
from tildex.data.sets.fetch import fetch
from tildex.data.sets.published import data_root, verify

BODY = bytes(range(256)) * 4000


def file_of(*urls, body=BODY, name="set.bin"):
    return File(name, hashlib.sha256(body).hexdigest(), len(body), urls)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404)
            return
        body = {"/good": BODY, "/short": BODY[:5000], "/wrong": BODY[::-1], "/cut": BODY[:5000]}[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY) if self.path == "/cut" else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_good_file_is_downloaded_once(server, tmp_path, monkeypatch):
    file, folder = file_of(f"{server}/good"), tmp_path / "new" / "set"
    fetch([file], folder)
    assert [path.name for path in folder.iterdir()] == ["set.bin"]
    assert (folder / "set.bin").read_bytes() == BODY
    monkeypatch.setattr("tildex.data.sets.fetch.urlopen", None)
    fetch([file], folder)


def test_the_next_address_is_tried(server, tmp_path):
    fetch([file_of(f"{closed_port()}/good", f"{server}/wrong", f"{server}/good")], tmp_path)
    assert (tmp_path / "set.bin").read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("short", "expected 1,024,000 bytes, found 5,000"),
        ("cut", "expected 1,024,000 bytes, found 5,000"),
        ("wrong", "expected sha256"),
        ("missing", "404"),
    ],
)
def test_a_bad_answer_leaves_nothing_behind(path, reason, server, tmp_path):
    with pytest.raises(DataError, match=reason) as caught:
        fetch([file_of(f"{server}/{path}")], tmp_path)
    assert f"put into {tmp_path}:\n  set.bin (1,024,000 bytes) from {server}/{path}" in str(caught.value)
    assert [*tmp_path.iterdir()] == []


def test_no_server_at_all(tmp_path):
    with pytest.raises(DataError, match="refused"):
        fetch([file_of(f"{closed_port()}/good")], tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_the_message_lists_what_is_still_missing(server, tmp_path):
    wanted = [file_of(f"{server}/good", name=name) for name in ("one", "two")]
    wanted.append(file_of(f"{server}/missing", name="three"))
    wanted.append(file_of(f"{server}/good", name="four"))
    with pytest.raises(DataError, match="three could not be downloaded") as caught:
        fetch(wanted, tmp_path)
    advice = str(caught.value).split("put into")[1]
    assert "three" in advice and "four" in advice and "one" not in advice
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    class Answer:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def read(self, size):
            if [*tmp_path.iterdir()]:
                raise KeyboardInterrupt
            return b"part"

    monkeypatch.setattr("tildex.data.sets.fetch.urlopen", lambda url, timeout: Answer())
    with pytest.raises(KeyboardInterrupt):
        fetch([file_of("http://unused")], tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot make"):
        fetch([file_of(f"{server}/good")], tmp_path / "file" / "set")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected 1,024,000 bytes, found 0"),
        (BODY[:-1], "found 1,023,999"),
        (BODY[::-1], f"expected sha256 {hashlib.sha256(BODY).hexdigest()}"),
    ],
)
def test_a_damaged_file_is_named(content, message, tmp_path):
    path = tmp_path / "set.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        fetch([file_of("https://example.org/set.bin")], tmp_path)
    assert str(path) in str(caught.value) and "https://example.org/set.bin" in str(caught.value)
    assert path.read_bytes() == content


def test_a_verified_file_is_not_hashed_again_until_it_changes(tmp_path, monkeypatch):
    path = tmp_path / "set.bin"
    path.write_bytes(BODY)
    hashed = []
    digest = files_module._digest
    monkeypatch.setattr(files_module, "_digest", lambda *args: hashed.append(1) or digest(*args))
    file = file_of()
    verify(path, file)
    verify(path, file)
    assert len(hashed) == 1
    path.write_bytes(BODY[::-1])
    with pytest.raises(DataError, match="not the published file"):
        verify(path, file)


def test_content_is_hashed_instead_of_the_file(tmp_path):
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    file = File("a.npy", hashlib.sha256(array.tobytes()).hexdigest(), None, (), content=np.load)
    for version in (1, 2):
        with (tmp_path / "a.npy").open("wb") as stream:
            np.lib.format.write_array(stream, array, version=(version, 0))
        verify(tmp_path / "a.npy", file)
    np.save(tmp_path / "a.npy", array[::-1])
    with pytest.raises(DataError, match="not the published file"):
        verify(tmp_path / "a.npy", file)


def test_where_data_lie(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_root() == tmp_path / "tildex"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_root() == Path.home() / ".cache" / "tildex"
    monkeypatch.setenv("TILDEX_DATA", str(tmp_path / "named"))
    assert data_root() == tmp_path / "named"
    assert data_root("given") == Path("given")
