"""Whatever lies in a folder of signatures: opening and finding do not raise, and a sentence says what is left aside."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyward.signatures.history import Release, merge_all
from keyward.signatures.model import FORMAT, Dated, Entry, Exported, Index, Parameter, Signature
from keyward.signatures.sealed import seal, unseal
from keyward.signatures.store import Installed, Signatures, cache_folder, open_signatures, read_index
from keyward.signatures.writer import write_family, write_index

NET = "lib.models.net.modeling_net"
INSTALLED = Installed("lib", "2.0", "fingerprint", ".venv")


def entry(*keywords: str, module: str = NET) -> Entry:
    parameters = tuple(Parameter(keyword, annotation="Tensor", doc="Some.") for keyword in keywords)
    return Entry("Net", module, "model", call=Signature(parameters, {"y": "way"}, extra="open"), family="net")


def ship(folder: Path) -> None:
    """A history of two versions in two families."""
    other = entry("z", module="lib.other")
    exports = {"lib": {"Net": NET}, "lib.other": {"Net": "lib.other"}}
    merge_all(
        folder / "lib",
        (
            Release("lib", version, exports, {"any": {item.qualified: item for item in (net, other)}})
            for version, net in (("1.0", entry("x")), ("2.0", entry("x", "labels")))
        ),
    )


def keep(cache: Path) -> None:
    """The same for the user's cache."""
    folder = cache_folder(cache, INSTALLED)
    other = entry("z", module="lib.other")
    write_family(folder, "net", {f"{NET}.Net": [Dated("2.0", entry("x", "labels"))]})
    write_family(folder, "lib.other", {"lib.other.Net": [Dated("2.0", other)]})
    exports = {"lib": {"Net": [Exported("2.0", NET)]}, "lib.other": {"Net": [Exported("2.0", "lib.other")]}}
    write_index(folder, Index(FORMAT, "lib", ("2.0",), exports, {NET: "net", "lib.other": "lib.other"}))


def use(signatures: Signatures) -> None:
    """Ask everything that can be asked."""
    for name in ("lib.Net", f"{NET}.Net", "lib.other.Net", "lib.Nothing"):
        found = signatures.find(name)
        if found is not None:
            signatures.sisters(found.entry)
            signatures.public_name(found.entry)
        signatures.gone(name)
        signatures.history(name)
        signatures.lifetime(name)
        signatures.keyword_lifetime(name, "labels")
        signatures.field_lifetime(name, "loss")
        signatures.replacement(name)
        signatures.keyword_replacement(name, "labels")
    assert isinstance(signatures.is_module("lib.models"), bool)
    for module in signatures.modules:
        signatures.exports(module)
    assert all(problem.endswith((".", ").")) for problem in signatures.problems)


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@given(st.data(), st.sampled_from(["shipped", "cache"]))
@pytest.mark.slow
@settings(max_examples=120, deadline=None)
def test_random_damage_never_raises(data: st.DataObject, where: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ship(Path(folder, "shipped"))
        keep(Path(folder, "cache"))
        path = data.draw(st.sampled_from(files_below(Path(folder, where))))
        content = bytearray(path.read_bytes())
        kind = data.draw(st.sampled_from(["change", "cut", "insert", "replace"]))
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        if kind == "change":
            content[at] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del content[at:]
        elif kind == "insert":
            content[at:at] = piece
        else:
            content[:] = piece
        path.write_bytes(bytes(content))
        signatures = open_signatures([INSTALLED], Path(folder, "cache"), Path(folder, "shipped"))
        use(signatures)
        use(open_signatures(None, None, Path(folder, "shipped")))
        if where == "shipped":
            assert path.read_bytes() == bytes(content)  # a shipped file is never touched
            net = signatures.find("lib.Net")
            assert net is not None and net.entry.call is not None and net.library.origin == "indexed"


@given(st.data())
@pytest.mark.slow
@settings(max_examples=120, deadline=None)
def test_content_that_makes_no_sense_never_raises(data: st.DataObject) -> None:
    """The checksum is right, and what it is of is not what any Keyward would write."""
    with tempfile.TemporaryDirectory() as folder:
        shipped = Path(folder)
        ship(shipped)
        path = data.draw(st.sampled_from(files_below(shipped)))
        whole = unseal(path.read_bytes())
        content = bytearray(whole.content())
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at : at + 1] = data.draw(
                st.sampled_from([b"0", b"9", b"-1", b'"', b"]", b"[", b"{", b",", b"null", b""])
            )
        about = whole.about
        rest = about + b"\n" + zlib.compress(bytes(content))
        path.write_bytes(b"keyward %d %08x %s" % (FORMAT, zlib.crc32(rest), rest))
        for version in ("1.0", "2.0"):
            use(open_signatures(None, None, shipped, against={"lib": version}))


NEWER = b"keyward %d 00000000 {}\n" % (FORMAT + 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is damaged"),
        (b"{", "it is damaged"),
        (b"\xff\xfe\0", "it is damaged"),
        (NEWER, "it was written by a newer Keyward"),
        (b"keyward 1 00000000 {}\n", "it was written by an older Keyward"),
        (seal(b"[]", {"distribution": 3}), "it is damaged"),
        (seal(b"[]", {"distribution": "lib", "versions": ["1.0"], "packages": ["lib"]}), "it is damaged"),
    ],
)
def test_what_is_wrong_with_a_shipped_index_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    ship(tmp_path)
    path = tmp_path / "lib" / "index.keyward"
    path.write_bytes(content)
    signatures = open_signatures(None, None, tmp_path)
    assert signatures.find("lib.Net") is None
    assert signatures.problems == (f"{path} is left aside: {why}.",)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "it is damaged"), (NEWER, "it was written by a newer Keyward"), (seal(b"{}"), "it is damaged")],
)
def test_a_shipped_family_that_cannot_be_used_costs_itself_alone(tmp_path: Path, content: bytes, why: str) -> None:
    ship(tmp_path)
    path = tmp_path / "lib" / "families" / "net.keyward"
    path.write_bytes(content)
    signatures = open_signatures(None, None, tmp_path)
    assert signatures.find("lib.Net") is None
    assert signatures.find("lib.other.Net") is not None
    assert signatures.problems == (f"The signatures of net in {path.parents[1]} are left aside: {why}.",)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format": 1, "distribution": "lib", "versions": []}', "it was written by an older Keyward"),
        (b'{"format": 999, "written": "differently"}', "it was written by a newer Keyward"),
        (b'{"format": 2, "written": "differently"}', "it is damaged"),
        (b'{"format": "x"}', "it is damaged"),
        (b'{"form', "it is damaged"),
    ],
)
def test_what_is_wrong_with_the_cache_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    keep(tmp_path / "cache")
    path = cache_folder(tmp_path / "cache", INSTALLED) / "index.json"
    path.write_bytes(content)
    signatures = open_signatures([INSTALLED], tmp_path / "cache", tmp_path / "nothing")
    assert signatures.find("lib.Net") is None
    assert signatures.problems == (f"{path} is left aside: {why}.",)
    with pytest.raises(ValueError, match=why):
        read_index(path.parent)


def test_a_curated_table_that_is_damaged_is_left_aside(tmp_path: Path) -> None:
    ship(tmp_path)
    (tmp_path / "curated.json").write_text("[{}]")
    signatures = open_signatures(None, None, tmp_path)
    assert signatures.replacement("lib.Old") is None
    assert signatures.problems == (f"{tmp_path / 'curated.json'} is left aside: it is damaged.",)


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    ship(tmp_path)
    for name in ("index.keyward", "families/net.keyward"):
        (tmp_path / "lib" / name).unlink()
        (tmp_path / "lib" / name).mkdir()
        use(open_signatures(None, None, tmp_path))
