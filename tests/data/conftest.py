"""A data root of its own for every test, so that none sees the user's files or fills the user's cache."""

import os

import pytest

PUBLISHED = os.environ.get("TILDEX_DATA")


@pytest.fixture(autouse=True)
def _own_root(monkeypatch, tmp_path_factory):
    monkeypatch.delenv("TILDEX_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def published():
    """The folder of real data sets, where there is one."""
    if not PUBLISHED:
        pytest.skip("TILDEX_DATA is not set: no published files to read")
    return PUBLISHED
