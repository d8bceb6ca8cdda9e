"""What lies in other files of a test is answered as it is for users: by jedi, over stubs of the stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyward.inference.libraries import MAKES_INSTANCE, RETURNS_SELF
from keyward.session.jedi_client import JediClient
from keyward.session.oracle import Oracle
from keyward.signatures.store import Signatures
from keyward.signatures.stub_text import Methods
from keyward.signatures.stubs import stub_source, write_stubs


@pytest.fixture(scope="session")
def oracle(standin: Signatures, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """One jedi process for all pages; it is started by the first test that has several files."""
    folder = tmp_path_factory.mktemp("stubs") / "tree"
    methods = Methods(makers=MAKES_INSTANCE, fluent=RETURNS_SELF)
    client = JediClient(str(tmp_path_factory.mktemp("parsed")), limit=60.0, start_limit=120.0)
    oracle = Oracle((), client=client, stubs=lambda: str(write_stubs(folder, lambda: stub_source(standin), methods)))
    yield oracle
    oracle.close()
