"""The history says of each version what that version said, in bytes that depend on nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyward.signatures import history, writer
from keyward.signatures.history import Release, merge, merge_all, published
from keyward.signatures.model import FORMAT, Entry, Field, Parameter, Signature
from keyward.signatures.packed_index import family_of
from keyward.signatures.sealed import unseal
from keyward.signatures.store import at_version, open_signatures, order, read_family, read_index
from keyward.signatures.texts import split

from .strategies import histories


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Hypothesis calls a test many times with one `tmp_path`."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@given(histories(), st.data())
@pytest.mark.slow
@settings(max_examples=60, deadline=None)
def test_the_order_of_merging_does_not_matter(releases: list[Release], data: st.DataObject) -> None:
    with empty_folder() as folder:
        for release in releases:
            merge(folder / "one", release)
        merge_all(folder / "other", data.draw(st.permutations(releases)))
        assert files(folder / "one") == files(folder / "other")


@given(histories())
@pytest.mark.slow
@settings(max_examples=60, deadline=None)
def test_each_version_says_what_was_merged_in_but_for_texts(releases: list[Release]) -> None:
    with empty_folder() as folder:
        merge_all(folder, releases)
        index = read_index(folder)
        assert index is not None
        assert index.versions == tuple(sorted((release.version for release in releases), key=order))
        said = {
            name: dated
            for family in sorted(set(index.modules.values()))
            for name, dated in read_family(folder, family).items()
        }
        for release in releases:
            entries = {name: entry for members in release.families.values() for name, entry in members.items()}
            for name in {*said, *entries}:
                item = at_version(said.get(name, []), release.version)
                entry = item.entry if item is not None else None
                assert (entry and split(entry)[0]) == ((name in entries and split(entries[name])[0]) or None)
            for name in {*index.exports.get("lib", {}), *release.exports["lib"]}:
                exported = at_version(index.exports.get("lib", {}).get(name, []), release.version)
                assert (exported.module if exported else "") == release.exports["lib"].get(name, "")


@given(histories())
@pytest.mark.slow
@settings(max_examples=40, deadline=None)
def test_texts_are_those_of_the_newest_version_that_has_one(releases: list[Release]) -> None:
    with empty_folder() as folder:
        merge_all(folder, releases)
        by_age = sorted(releases, key=lambda release: order(release.version))
        newest: dict[tuple[str, tuple[str, str]], tuple[str, str]] = {}
        for release in by_age:
            for members in release.families.values():
                for name, entry in members.items():
                    for place, words in split(entry)[1].items():
                        annotation, doc = newest.get((name, place), ("", ""))
                        newest[name, place] = (words.annotation or annotation, words.doc or doc)
        index = read_index(folder)
        assert index is not None
        for family in sorted(set(index.modules.values())):
            for name, dated in read_family(folder, family).items():
                for item in dated:
                    for place, words in split(item.entry)[1].items() if item.entry else ():
                        assert (words.annotation, words.doc) == newest[name, place]


@given(histories())
@pytest.mark.slow
@settings(max_examples=20, deadline=None)
def test_merging_a_version_again_changes_nothing(releases: list[Release]) -> None:
    with empty_folder() as folder:
        merge_all(folder, releases)
        before = files(folder)
        newest = max(releases, key=lambda release: order(release.version))
        merge(folder, newest)
        assert files(folder) == before


def entry(*keywords: str, name: str = "Net", module: str = "lib.models.net.modeling_net", doc: str = "") -> Entry:
    parameters = tuple(Parameter(keyword, default="None", doc=doc) for keyword in keywords)
    return Entry(name, module, "model", call=Signature(parameters), doc=doc)


def release(version: str, *entries: Entry) -> Release:
    exports = {"lib": {item.name: item.module for item in entries}}
    return Release("lib", version, exports, {"any": {item.qualified: item for item in entries}})


OTHER = entry("x", name="Other", module="lib.models.other.modeling_other")


def test_files_of_which_nothing_changes_are_not_written(tmp_path: Path) -> None:
    merge_all(tmp_path, [release("1.0", entry("x"), OTHER), release("2.0", entry("x"), OTHER)])
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "families").iterdir()}
    before = files(tmp_path)
    merge(tmp_path, release("3.0", entry("x", "labels"), OTHER))
    changed = {name for name, content in files(tmp_path).items() if before.get(name) != content}
    assert changed == {"index.keyward", "families/net.keyward"}
    assert {path.name for path, written in times.items() if path.stat().st_mtime_ns != written} == {"net.keyward"}


def test_a_file_that_was_compressed_otherwise_is_left_as_it_is(tmp_path: Path) -> None:
    """Another version of zlib may write other bytes for the same content."""
    merge(tmp_path, release("1.0", entry("x"), OTHER))
    path = tmp_path / "families" / "net.keyward"
    rest = b"null\n" + zlib.compress(unseal(path.read_bytes()).content(), 1)
    path.write_bytes(b"keyward %d %08x %s" % (FORMAT, zlib.crc32(rest), rest))
    before = path.read_bytes()
    merge(tmp_path, release("2.0", entry("x", doc="new"), OTHER))
    merge(tmp_path, release("2.0", entry("x"), OTHER))
    assert path.read_bytes() != before
    path.write_bytes(before)
    merge(tmp_path, release("3.0", entry("x"), OTHER))
    assert path.read_bytes() == before


def test_a_changed_text_is_no_new_item(tmp_path: Path) -> None:
    merge_all(tmp_path, [release("1.0", entry("x", doc="first")), release("2.0", entry("x", doc="second"))])
    [dated] = read_family(tmp_path, "net").values()
    assert [item.since for item in dated] == ["1.0"]
    assert dated[0].entry == entry("x", doc="second")


def test_a_text_that_the_newest_version_lacks_is_kept(tmp_path: Path) -> None:
    merge_all(tmp_path, [release("2.0", entry("x")), release("1.0", entry("x", doc="old"))])
    merge(tmp_path, release("0.9", entry("x", doc="older")))
    [dated] = read_family(tmp_path, "net").values()
    assert dated[-1].entry == entry("x", doc="old")


def test_a_version_can_be_replaced(tmp_path: Path) -> None:
    right = [release("1.0", entry("x")), release("2.0", entry("x", "labels")), release("3.0", entry("x"))]
    merge_all(tmp_path / "right", right)
    merge_all(tmp_path / "wrong", [right[0], release("2.0", OTHER), right[2]])
    merge(tmp_path / "wrong", right[1])
    assert files(tmp_path / "wrong") == files(tmp_path / "right")


def test_a_release_of_another_distribution_is_refused(tmp_path: Path) -> None:
    merge(tmp_path, release("1.0", entry("x")))
    with pytest.raises(ValueError, match="is the history of lib, not of torch"):
        merge(tmp_path, Release("torch", "2.0", {}, {}))


@pytest.mark.parametrize("name", ["index.keyward", "families/net.keyward"])
def test_a_damaged_history_is_not_added_to(tmp_path: Path, name: str) -> None:
    merge(tmp_path, release("1.0", entry("x")))
    (tmp_path / name).write_bytes(b"keyward")
    before = files(tmp_path)
    with pytest.raises(ValueError, match=rf"{Path(name).name} cannot be added to: it is damaged"):
        merge(tmp_path, release("2.0", entry("x", "labels")))
    assert files(tmp_path) == before


def test_an_addition_that_failed_half_way_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = release("1.0", entry("x"), OTHER), release("2.0", entry("x", "labels", doc="new"))
    merge(tmp_path / "lib", old)
    merge_all(tmp_path / "whole", [old, new])

    def write(path: Path, content: bytes) -> None:
        if path.name == "index.keyward":
            raise OSError("the disk is full")
        writer.write_atomically(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(history, "write_atomically", write)
        with pytest.raises(OSError, match="the disk is full"):
            merge(tmp_path / "lib", new)
    found = open_signatures(None, None, tmp_path).find("lib.Net")
    assert found is not None and found.entry.call is not None
    assert (found.library.version, found.entry.call.keywords) == ("1.0", ("x",))
    merge(tmp_path / "lib", release("0.9", OTHER))  # another version before that one is added again
    merge(tmp_path / "lib", new)
    merge(tmp_path / "whole", release("0.9", OTHER))
    assert files(tmp_path / "lib") == files(tmp_path / "whole")


_WRITES_FOR_EVER = """
import sys
from pathlib import Path
from keyward.signatures.model import Dated, Entry, FORMAT, Index
from keyward.signatures.writer import write_family, write_index

folder = Path(sys.argv[1])
modules = {f"lib.m{i}": f"lib.m{i}" for i in range(20)}
for count in range(10**6):
    for family in modules:
        entry = Entry("Net", family, doc=f"{count} " * 5000)
        write_family(folder, family, {entry.qualified: [Dated("1.0", entry)]})
    write_index(folder, Index(FORMAT, "lib", ("1.0",), modules=modules, complete=False))
    print(count, flush=True)
"""


def test_a_kill_in_the_middle_of_a_write_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITES_FOR_EVER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        process.wait()
    index = read_index(tmp_path)
    assert index is not None and len(index.modules) == 20
    for family in index.modules.values():
        [[item]] = read_family(tmp_path, family).values()
        assert item.entry is not None and item.entry.doc.split()[0] == item.entry.doc.split()[-1]


@pytest.mark.parametrize(
    ("module", "family"),
    [
        ("torch.nn.functional", "torch.nn.functional"),
        ("transformers.models.deit.modeling_deit", "deit"),
        ("transformers.models.deprecated.deta.modeling_deta", "deta"),
        ("transformers.modeling_bert", "transformers.modeling_bert"),
        ("diffusers.models.attention", "diffusers.models.attention"),
    ],
)
def test_a_family_is_told_by_the_path(module: str, family: str) -> None:
    assert family_of(module) == family


def test_what_is_published_are_exported_names_with_what_they_return_and_derive_from() -> None:
    output = Entry("Out", "lib.outputs", "output", fields=(Field("loss"),), init=Signature((Parameter("loss"),)))
    base = Entry("Base", "lib.base", "model", line=3, file="lib/base.py")
    net = msgspec.structs.replace(entry("x"), mro=(base.qualified, "abc.ABC"), line=7, methods={})
    made = Entry("Made", "lib.made", "class")
    method = Signature((Parameter("name"),), returns=made.qualified)
    net = msgspec.structs.replace(net, call=Signature(returns=output.qualified), methods={"make": method})
    inner = Entry("Inner", "lib.base", "module")
    everything = Release(
        "lib",
        "1.0",
        {"lib": {"Net": net.module}},
        {"any": {item.qualified: item for item in (output, base, net, inner, made)}},
    )
    shipped = published(everything).families["any"]
    assert set(shipped) == {output.qualified, base.qualified, net.qualified, made.qualified}
    assert (shipped[net.qualified].line, shipped[net.qualified].mro) == (0, (base.qualified,))
    assert shipped[net.qualified].methods == {"make": method}
    assert shipped[base.qualified].file == ""
    assert shipped[output.qualified].init is None
