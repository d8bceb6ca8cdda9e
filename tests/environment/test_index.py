"""The cache is brought up to date whatever libraries and folders do; each mishap is one sentence."""

from __future__ import annotations

import compileall
import os
import shutil
import threading
import time
import zipfile
from pathlib import Path

import pytest

from keyward.environment.fingerprint import installed, site_folders
from keyward.environment.index import Progress, Report, is_current, update_index
from keyward.environment.interpreter import Interpreter, find_interpreter
from keyward.signatures.store import Signatures, cache_folder, open_signatures
from standin.environment import make_environment

pytestmark = pytest.mark.slow

MODULE = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x, scale=1.0):\n        return x\n"


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    return find_interpreter(make_environment(tmp_path / ".venv"))


def distribution(interpreter: Interpreter, name: str, **modules: str) -> None:
    """Install a package whose modules have the given source."""
    site = site_folders(interpreter)[0]
    (site / name).mkdir()
    (site / name / "__init__.py").write_text("")
    for module, text in modules.items():
        (site / name / f"{module}.py").write_text(text)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    record = "".join(f"{name}/{module}.py,,\n" for module in ("__init__", *modules))
    (info / "RECORD").write_text(record)


def refresh(interpreter: Interpreter, cache: Path, silence_limit: float = 20.0) -> Report:
    return update_index(interpreter, cache, silence_limit=silence_limit)


def opened(interpreter: Interpreter, report: Report, tmp_path: Path) -> Signatures:
    return open_signatures(installed(interpreter), report.cache, tmp_path / "nothing-shipped")


def test_any_distribution_that_defines_modules_is_indexed(interpreter: Interpreter, tmp_path: Path) -> None:
    distribution(interpreter, "nets", small=MODULE, plain="x = 1\n")
    report = refresh(interpreter, tmp_path / "cache")
    assert (report.problems, report.indexed) == ((), ("transformers", "torch", "nets"))
    found = opened(interpreter, report, tmp_path).find("nets.small.Net")
    assert found is not None and found.entry.call is not None
    assert found.library.label == "nets 1.0 in .venv"
    assert found.entry.call.keywords == ("x", "scale")
    assert found.entry.call.extra == "refused"


def test_a_second_refresh_has_nothing_to_do(interpreter: Interpreter, tmp_path: Path) -> None:
    refresh(interpreter, tmp_path / "cache")
    assert refresh(interpreter, tmp_path / "cache").indexed == ()


MISHAPS = {
    "raises": ("raise RuntimeError('out of luck')\n", "RuntimeError: out of luck"),
    "exits": ("import sys; sys.exit(3)\n", "sys.exit()"),
    "dies": ("import os; os._exit(7)\n", "exit status 7"),
    "kills": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL"),
    "hangs": ("import time; time.sleep(600)\n", "no answer"),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_module_that_goes_wrong_costs_itself_and_nothing_else(
    interpreter: Interpreter, tmp_path: Path, mishap: str
) -> None:
    source, said = MISHAPS[mishap]
    # The scan takes a module for one of interest by its text.
    distribution(interpreter, "nets", a_good=MODULE, b_bad=f"# import torch: nn.Module\n{source}", c_good=MODULE)
    distribution(interpreter, "others", fine=MODULE)
    report = refresh(interpreter, tmp_path / "cache", silence_limit=3.0 if mishap == "hangs" else 20.0)
    (problem,) = report.problems
    assert problem.startswith("nets.b_bad could not be imported")
    assert said in problem
    assert "\n" not in problem
    signatures = opened(interpreter, report, tmp_path)
    for name in ("nets.a_good.Net", "nets.c_good.Net", "others.fine.Net", "transformers.DeiTModel"):
        assert signatures.find(name) is not None, name
    assert refresh(interpreter, tmp_path / "cache").indexed == ()


def test_what_a_library_prints_does_not_corrupt_the_channel(interpreter: Interpreter, tmp_path: Path) -> None:
    noise = "import os, sys\nprint('{\"type\": \"done\"}')\nos.write(1, b'{}\\n' * 1000)\nsys.stdout.flush()\n"
    distribution(interpreter, "nets", noisy=noise + MODULE)
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("nets.noisy.Net") is not None


def test_modules_of_the_worker_do_not_shadow_those_of_libraries(interpreter: Interpreter, tmp_path: Path) -> None:
    (site_folders(interpreter)[0] / "values.py").write_text("HERE = 'the library'\n")
    distribution(interpreter, "nets", uses=f"import values\nassert values.HERE\n{MODULE}")
    assert refresh(interpreter, tmp_path / "cache").problems == ()


def test_a_missing_requirement_is_said_once(interpreter: Interpreter, tmp_path: Path) -> None:
    needy = f"import not_there\n{MODULE}"
    distribution(interpreter, "nets", a=needy, b=needy, c=MODULE)
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ("not_there is not installed: nets.a and 1 other modules left out.",)
    assert opened(interpreter, report, tmp_path).find("nets.c.Net") is not None


def test_nothing_is_started_in_a_folder_that_is_not_trusted(interpreter: Interpreter, tmp_path: Path) -> None:
    """Its interpreter is not, nor is anything of its libraries: they are read from source."""
    assert interpreter.path is not None
    mark = tmp_path / "started"
    interpreter.path.unlink()
    interpreter.path.write_text(f"#!/bin/sh\ntouch {mark}\n")
    interpreter.path.chmod(0o755)
    code = f"open({str(mark)!r}, 'w').close()\n"
    distribution(interpreter, "nets", small=code + MODULE, sitecustomize=code)
    site = site_folders(interpreter)[0]
    for name in ("sitecustomize.py", "usercustomize.py", "torch/utils/__main__.py"):
        (site / name).write_text(code)
    (site / "evil.pth").write_text(f"import os; {code}")
    report = update_index(interpreter, tmp_path / "cache", trusted=False)
    assert (report.problems, report.indexed) == ((), ("transformers", "torch", "nets"))
    assert not mark.exists()
    found = opened(interpreter, report, tmp_path).find("nets.small.Net")
    assert found is not None
    assert found.entry.call is not None
    assert found.entry.call.keywords == ("x", "scale")


@pytest.mark.parametrize("source", ["#!/bin/sh\nexit 5\n", "#!/nowhere/sh\n", "\x7fELF broken"])
def test_an_interpreter_that_does_not_work_is_one_sentence(
    interpreter: Interpreter, tmp_path: Path, source: str
) -> None:
    assert interpreter.path is not None
    interpreter.path.unlink()
    interpreter.path.write_text(source)
    interpreter.path.chmod(0o755)
    report = refresh(interpreter, tmp_path / "cache")
    assert {"torch", "transformers"} <= set(report.indexed)  # from their source
    assert report.problems or opened(interpreter, report, tmp_path).problems
    assert all("\n" not in problem for problem in report.problems)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"format": 999, "entries": {}}'])
def test_a_damaged_family_is_absent_and_built_anew(interpreter: Interpreter, tmp_path: Path, damage: bytes) -> None:
    report = refresh(interpreter, tmp_path / "cache")
    item = next(item for item in installed(interpreter) if item.distribution == "transformers")
    path = cache_folder(report.cache, item) / "families" / "deit.json"
    path.write_bytes(damage)
    damaged = opened(interpreter, report, tmp_path)
    assert damaged.find("transformers.DeiTModel") is None
    assert damaged.find("transformers.BertModel") is not None
    assert len(damaged.problems) == 1
    assert not is_current(report.cache, item)
    assert refresh(interpreter, tmp_path / "cache").indexed == ("transformers",)
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"format": 999, "distribution": "transformers", "versions": []}'])
def test_a_damaged_index_is_absent_and_built_anew(interpreter: Interpreter, tmp_path: Path, damage: bytes) -> None:
    report = refresh(interpreter, tmp_path / "cache")
    item = next(item for item in installed(interpreter) if item.distribution == "transformers")
    (cache_folder(report.cache, item) / "index.json").write_bytes(damage)
    damaged = opened(interpreter, report, tmp_path)
    assert damaged.find("transformers.DeiTModel") is None
    assert damaged.find("torch.nn.Linear") is not None
    assert len(damaged.problems) == 1
    assert refresh(interpreter, tmp_path / "cache").indexed == ("transformers",)


def test_a_cache_folder_that_cannot_be_written_is_replaced_for_now(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    report = refresh(interpreter, tmp_path / "cache")
    assert report.cache != tmp_path / "cache"
    assert len(report.problems) == 1
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


def test_a_cancelled_refresh_ends_soon_and_keeps_what_it_read(interpreter: Interpreter, tmp_path: Path) -> None:
    distribution(interpreter, "nets", slow=f"import time; time.sleep(600)\n{MODULE}")
    cancelled = threading.Event()
    report = update_index(
        interpreter,
        tmp_path / "cache",
        progress=lambda step: cancelled.set() if step.label == "nets.slow" else None,
        cancelled=cancelled,
    )
    assert report.cancelled
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


def test_families_that_are_asked_for_come_first(interpreter: Interpreter, tmp_path: Path) -> None:
    # Where it is defined: what the package exports is known at the end only, unless it announces that itself.
    first, later = "transformers.models.deit.modeling_deit.DeiTModel", "torch.nn.Linear"
    seen: list[tuple[bool, bool]] = []

    def changed(cache: Path) -> None:
        signatures = open_signatures(installed(interpreter), cache, tmp_path / "nothing-shipped")
        seen.append((signatures.find(first) is not None, signatures.find(later) is not None))

    update_index(interpreter, tmp_path / "cache", families=("deit",), changed=changed)
    assert seen[0] == (True, False)
    assert seen[-1] == (True, True)


def test_two_refreshes_at_a_time_agree(interpreter: Interpreter, tmp_path: Path) -> None:
    reports: list[Report] = []
    threads = [threading.Thread(target=lambda: reports.append(refresh(interpreter, tmp_path / "cache"))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.problems for report in reports] == [(), ()]
    assert sorted(name for report in reports for name in report.indexed) == ["torch", "transformers"]


def test_what_an_older_worker_wrote_is_removed_in_time(interpreter: Interpreter, tmp_path: Path) -> None:
    for name, days in (("oldworker", 40), ("lastweek", 7)):
        (tmp_path / "cache" / name).mkdir(parents=True)
        then = time.time() - days * 86400
        os.utime(tmp_path / "cache" / name, (then, then))
    refresh(interpreter, tmp_path / "cache")
    assert not (tmp_path / "cache" / "oldworker").exists()
    assert (tmp_path / "cache" / "lastweek").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_read_only_cache_is_replaced_for_now(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    report = refresh(interpreter, tmp_path / "cache")
    assert len(report.problems) == 1
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


def test_what_lacked_a_module_is_read_again_once_that_is_installed(interpreter: Interpreter, tmp_path: Path) -> None:
    distribution(interpreter, "nets", a=f"import late.part\n{MODULE}", b=MODULE)
    assert refresh(interpreter, tmp_path / "cache").problems == ("late is not installed: nets.a left out.",)
    assert refresh(interpreter, tmp_path / "cache").indexed == (), "nothing has changed"
    distribution(interpreter, "late")
    assert refresh(interpreter, tmp_path / "cache").indexed == ("nets",)
    assert refresh(interpreter, tmp_path / "cache").problems == (), "the package is there, the module in it is not"
    (site_folders(interpreter)[0] / "late" / "part.py").write_text("")
    report = refresh(interpreter, tmp_path / "cache")
    assert report.indexed == ("nets",)
    assert opened(interpreter, report, tmp_path).find("nets.a.Net") is not None
    assert refresh(interpreter, tmp_path / "cache").indexed == ()


def test_models_are_read_once_torch_is_installed(interpreter: Interpreter, tmp_path: Path) -> None:
    site = site_folders(interpreter)[0]
    for name in ("torch", "torch-2.0.0.dist-info"):
        (site / name).rename(tmp_path / name)
    report = refresh(interpreter, tmp_path / "cache")
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is None
    for name in ("torch", "torch-2.0.0.dist-info"):
        (tmp_path / name).rename(site / name)
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


@pytest.mark.parametrize("change", ["upgrade", "another, with problems"])
def test_what_is_read_while_somebody_installs_is_thrown_away(
    interpreter: Interpreter, tmp_path: Path, change: str
) -> None:
    """The library itself changes while it is read, or something that may be the reason for what went wrong."""
    source = MODULE if change == "upgrade" else f"raise RuntimeError\n{MODULE}"
    distribution(interpreter, "nets", a=MODULE, b=source)
    site = site_folders(interpreter)[0]

    def install(step: Progress) -> None:
        if step.label == "nets.a" and change == "upgrade" and (site / "nets-1.0.dist-info").exists():
            (site / "nets-1.0.dist-info").rename(site / "nets-1.1.dist-info")
        elif step.label == "nets.a" and change != "upgrade" and not (site / "other").exists():
            distribution(interpreter, "other")

    report = update_index(interpreter, tmp_path / "cache", progress=install)
    assert report.moved
    assert "nets" not in report.indexed
    assert not list((tmp_path / "cache").glob("*/nets-*/index.json"))
    report = refresh(interpreter, tmp_path / "cache")
    assert not report.moved
    assert report.indexed == ("nets",)
    found = opened(interpreter, report, tmp_path).find("nets.a.Net")
    assert found is not None
    assert found.library.version == ("1.1" if change == "upgrade" else "1.0")


def test_something_unrelated_that_is_installed_meanwhile_does_no_harm(interpreter: Interpreter, tmp_path: Path) -> None:
    distribution(interpreter, "nets", a=MODULE)

    def install(step: Progress) -> None:
        if step.label == "nets.a":
            distribution(interpreter, "other")

    report = update_index(interpreter, tmp_path / "cache", progress=install)
    assert (report.moved, report.problems, report.indexed) == (False, (), ("transformers", "torch", "nets"))


def test_a_namespace_package_is_indexed(interpreter: Interpreter, tmp_path: Path) -> None:
    distribution(interpreter, "wide_nets")
    site = site_folders(interpreter)[0]
    (site / "wide" / "nets").mkdir(parents=True)
    (site / "wide" / "nets" / "small.py").write_text(MODULE)
    (site / "wide_nets-1.0.dist-info" / "RECORD").write_text("wide/nets/small.py,,\n")
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("wide.nets.small.Net") is not None


@pytest.mark.parametrize("file", ["METADATA", "RECORD"])
@pytest.mark.parametrize("damage", [None, b"", b"\xff\xfe\x00\n\n", b'"'])
def test_a_damaged_record_of_a_known_library_costs_nothing(
    interpreter: Interpreter, tmp_path: Path, file: str, damage: bytes | None
) -> None:
    path = site_folders(interpreter)[0] / "transformers-5.0.9.dist-info" / file
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    found = opened(interpreter, report, tmp_path).find("transformers.DeiTModel")
    assert found is not None
    assert found.library.label == "transformers 5.0.9 in .venv"


def test_without_source_nothing_is_said_to_be_ignored(interpreter: Interpreter, tmp_path: Path) -> None:
    """A wheel of compiled files alone: what `**kwargs` reaches is not known, so it may be anything."""
    package = site_folders(interpreter)[0] / "transformers"
    compileall.compile_dir(package, legacy=True, quiet=2)
    for path in package.rglob("*.py"):
        path.unlink()
    report = refresh(interpreter, tmp_path / "cache")
    found = opened(interpreter, report, tmp_path).find("transformers.DeiTModel")
    assert found is not None
    assert found.entry.call is not None
    assert "pixel_values" in found.entry.call.keywords
    assert found.entry.call.extra == "open"


def test_code_in_path_files_runs_in_the_worker_alone(interpreter: Interpreter, tmp_path: Path) -> None:
    """Python itself runs it where an interpreter is started; what that breaks or prints is no harm."""
    site = site_folders(interpreter)[0]
    (site / "noise.pth").write_text("import sys; print('noise'); sys.path.append('/nowhere')\nimport not_there\n")
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None


FINDER = """\
import sys
from importlib.machinery import PathFinder

MAPPING = {mapping}


class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in MAPPING:
            return PathFinder.find_spec(name, [MAPPING[name].rpartition("/")[0]])


def install():
    sys.meta_path.append(Finder)
"""


def test_an_editable_install_by_a_finder_is_indexed_and_followed(interpreter: Interpreter, tmp_path: Path) -> None:
    site = site_folders(interpreter)[0]
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (site / "transformers").rename(checkout / "transformers")
    (site / "finder.py").write_text(FINDER.replace("{mapping}", repr({"transformers": f"{checkout}/transformers"})))
    (site / "finder.pth").write_text("import finder; finder.install()\n")
    told = f'{{"dir_info": {{"editable": true}}, "url": "{checkout.as_uri()}"}}'
    (site / "transformers-5.0.9.dist-info" / "direct_url.json").write_text(told)
    report = refresh(interpreter, tmp_path / "cache")
    assert report.problems == ()
    assert opened(interpreter, report, tmp_path).find("transformers.DeiTModel") is not None
    modeling = checkout / "transformers" / "models" / "deit" / "modeling_deit.py"
    modeling.write_text(modeling.read_text().replace("pixel_values: torch.Tensor", "voxel_values: torch.Tensor", 1))
    report = refresh(interpreter, tmp_path / "cache")
    assert report.indexed == ("transformers",)
    found = opened(interpreter, report, tmp_path).find("transformers.DeiTModel")
    assert found is not None
    assert found.entry.call is not None
    assert "voxel_values" in found.entry.call.keywords


def test_a_library_in_a_zip_file_says_nothing_wrong(interpreter: Interpreter, tmp_path: Path) -> None:
    """torch in an egg: what can be read of it without files is right."""
    site = site_folders(interpreter)[0]
    before = opened(interpreter, refresh(interpreter, tmp_path / "before"), tmp_path).find("torch.nn.Linear")
    with zipfile.ZipFile(tmp_path / "torch-2.0.0-py3.egg", "w") as egg:
        for path in (site / "torch").rglob("*.py"):
            egg.write(path, path.relative_to(site))
        egg.writestr("EGG-INFO/PKG-INFO", "Metadata-Version: 2.1\nName: torch\nVersion: 2.0.0\n")
    shutil.rmtree(site / "torch")
    shutil.rmtree(site / "torch-2.0.0.dist-info")
    (site / "easy-install.pth").write_text(f"{tmp_path}/torch-2.0.0-py3.egg\n")
    report = refresh(interpreter, tmp_path / "cache")
    assert "torch" in report.indexed
    found = opened(interpreter, report, tmp_path).find("torch.nn.modules.linear.Linear")
    assert before is not None
    assert found is None or found.entry.call == before.entry.call
