"""Says what really becomes of calls and of reads of their results, by the library itself.

    python live.py

Runs in the interpreter that has the libraries, with those and the standard library alone. Says its versions, then reads
one JSON object a line and answers each with one; see `ANSWERS` for the kinds of requests. Calls are bound by
`inspect.Signature.bind_partial`; what becomes of keywords that vanish into `**kwargs` is observed by running tiny
models, as `benchmarks/keywords/observe.py` does; parts of models are run with what the model around them gives them.
"""

from __future__ import annotations

import ast
import dataclasses
import gc
import importlib
import inspect
import json
import os
import sys
import types
import typing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "keywords"))

# It settles what the libraries read when they are imported.
import observe
import probe
import torch
import transformers


class Undecided(Exception):
    """It cannot be found out; the text says why."""


def imported(qualified):
    """The class of a qualified name."""
    parts = qualified.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError as error:
            if error.name and ".".join(parts[:n]).startswith(error.name):
                continue
            raise Undecided(f"not imported: {observe.text_of(error)}") from None
        except Exception as error:
            raise Undecided(f"not imported: {observe.text_of(error)}") from None
        try:
            for part in parts[n:]:
                found = getattr(found, part)
        except Exception as error:
            raise Undecided(f"not imported: {observe.text_of(error)}") from None
        return found
    raise Undecided("not imported: no such module")


def bodiless(path, qualname):
    """A function with the parameters of one in a file, in the order and with the defaults that they have there; nothing
    of the file is run."""
    with open(path, encoding="utf-8") as file:
        body = ast.parse(file.read()).body
    *classes, name = qualname.split(".")
    for cls in classes:
        body = next((n.body for n in reversed(body) if isinstance(n, ast.ClassDef) and n.name == cls), [])
    found = next((n for n in reversed(body) if isinstance(n, ast.FunctionDef) and n.name == name), None)
    if found is None:
        raise Undecided("the function is not in its file")
    if found.decorator_list:
        raise Undecided("a decorator may change what a function of a script takes")
    arguments = found.args
    nothing = ast.Constant(None)
    arguments.defaults = [nothing for _ in arguments.defaults]
    arguments.kw_defaults = [None if default is None else nothing for default in arguments.kw_defaults]
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    module = ast.Module([ast.FunctionDef("f", arguments, [ast.Pass()], [], type_params=[])], [])
    space = {}
    exec(compile(ast.fix_missing_locations(module), path, "exec"), space)
    return space["f"]


def called(target):
    """(signature with `self`, names that the code around it looks for) of what calling a target runs."""
    if target["how"] == "head":
        return inspect.signature(bodiless(target["path"], target["name"])), frozenset()
    cls = imported(target["name"])
    if not isinstance(cls, type) or not issubclass(cls, torch.nn.Module):
        raise Undecided("not a class of modules")
    if cls.forward is torch.nn.modules.module._forward_unimplemented:
        raise Undecided("a class without forward")
    around = []
    function = cls.forward
    while hasattr(function, "__wrapped__"):
        around.append(function)
        function = function.__wrapped__
    if not isinstance(function, types.FunctionType):
        raise Undecided("a forward that is no plain function")
    call = cls.__call__
    if call is not torch.nn.Module.__call__:
        around.append(inspect.unwrap(call))
    return inspect.signature(function), frozenset().union(*map(words, around))


def words(function):
    """The strings in the code of a function, in the functions inside and in those that it closes over."""
    found, codes, seen = set(), [function.__code__], set()
    for cell in function.__closure__ or ():
        held = cell.cell_contents
        if isinstance(held, types.FunctionType) and not hasattr(function, "__wrapped__"):
            codes.append(held.__code__)
        elif isinstance(held, (list, tuple, set, frozenset, dict)):
            found.update(item for item in held if isinstance(item, str))
    while codes:
        code = codes.pop()
        if code in seen:
            continue
        seen.add(code)
        found.update(code.co_varnames)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                codes.append(constant)
            elif isinstance(constant, str):
                found.add(constant)
            elif isinstance(constant, tuple):
                found.update(item for item in constant if isinstance(item, str))
    return found


def binds(signature, *positional, **keywords):
    """The arguments as Python binds them; None where it raises."""
    try:
        return signature.bind_partial(*positional, **keywords)
    except TypeError:
        return None


def facts(request):
    """All that is wrong with a call, by Python's own rules."""
    signature, around = called(request["target"])
    n, names = request["n_positional"] + 1, request["keywords"]
    n_surplus = 0
    while (bound := binds(signature, *([None] * (n - n_surplus)))) is None:
        n_surplus += 1
    placed = [None] * (n - n_surplus)
    rest = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)
    unexpected, swallowed, repeated, good = [], [], [], {}
    for name in names:
        alone = binds(signature, None, **{name: None})
        if alone is None:
            unexpected.append(name)
        elif rest is not None and name in alone.arguments.get(rest, ()):
            swallowed.append(name)
        elif binds(signature, *placed, **{name: None}) is None:
            repeated.append(name)
        else:
            good[name] = None
    bound = binds(signature, *placed, **good)
    missing = []
    for parameter in signature.parameters.values():
        if parameter.default is not parameter.empty or parameter.name in bound.arguments:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        by_position = request["open_positional"] and parameter.kind is not parameter.KEYWORD_ONLY
        by_keyword = request["open_keywords"] and parameter.kind is not parameter.POSITIONAL_ONLY
        if not by_position and not by_keyword:
            missing.append(parameter.name)
    return {
        "unexpected": unexpected,
        "swallowed": swallowed,
        "repeated": repeated,
        "surplus": n_surplus,
        "missing": missing,
        "around": sorted(around.intersection(names) | around.intersection(missing)),
    }


def fates(request):
    """{keyword: used, ignored or refused} for a class, by running it, or a model that has it inside."""
    cls = imported(request["class"])
    names = request["names"]
    if isinstance(cls, type) and issubclass(cls, transformers.PreTrainedModel):
        try:
            return {"fates": observe.observe(cls, names)["fates"]}
        except Exception as error:
            raise Undecided(f"not run: {observe.text_of(error)}") from None
    part, arguments = captured(cls)
    found = {}
    for name in names:
        found[name] = fate_in_part(part, arguments, name)
    return {"fates": found}


def captured(cls):
    """(instance, its arguments) of a part of a model, as a tiny model of the same module calls it."""
    for model_class in observe.models(sys.modules[cls.__module__]):
        try:
            model = observe.Model(model_class)
        except Exception:
            continue
        calls = []

        def note(part, positional, keywords, calls=calls):
            calls.append((part, (positional, keywords)))

        parts = [part for part in model.model.modules() if type(part) is cls]
        hooks = [part.register_forward_pre_hook(note, with_kwargs=True) for part in parts]
        try:
            model.run(model.base)
        except Exception:
            continue
        finally:
            for hook in hooks:
                hook.remove()
        if calls:
            return calls[0]
    raise Undecided("no tiny model calls this class")


def fate_in_part(part, arguments, name):
    """What becomes of a keyword that is passed to a part of a model in addition to what it is called with."""
    positional, keywords = ([observe.fresh(value) for value in arguments[0]], dict(arguments[1]))
    without = {key: value for key, value in keywords.items() if key != name}
    touched = []
    try:
        expected = probe.call(part, positional, without)
        steady = probe.same(expected, probe.call(part, positional, without))
    except Exception as error:
        raise Undecided(f"not run: {observe.text_of(error)}") from None
    for mode in (False, True):
        part.train(mode)
        try:
            result = probe.call(part, positional, {**without, name: probe.Tripwire(name, touched)})
        except Exception as error:
            refused = probe.UNEXPECTED.search(str(error)) if isinstance(error, TypeError) else None
            part.eval()
            return probe.REFUSED if refused and refused[1] == name and not touched else probe.USED
        part.eval()
        if touched or (steady and not mode and not probe.same(result, expected)):
            return probe.USED
    return observe.IGNORED


def attributes(request):
    """The names that an object of a class has: its attributes and its fields."""
    cls = imported(request["class"])
    if not isinstance(cls, type):
        raise Undecided("not a class")
    fields = [field.name for field in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []
    return {"names": sorted({*fields, *dir(cls)})}


def returned(request):
    """The names that what a model returns has: seen by running it, else by the annotation of its forward."""
    cls = imported(request["class"])
    try:
        model = observe.Model(cls)
        result = model.run(model.base)
    except Exception:
        hints = typing.get_type_hints(inspect.unwrap(cls.forward)).get("return")
        outputs = [c for c in typing.get_args(hints) or (hints,) if isinstance(c, type) and dataclasses.is_dataclass(c)]
        if len(outputs) != 1:
            raise Undecided("not run, and the annotation does not tell") from None
        return {"names": sorted({*(f.name for f in dataclasses.fields(outputs[0])), *dir(outputs[0])}), "ran": False}
    return {"names": sorted({*dir(result), *(result if isinstance(result, dict) else ())}), "ran": True}


def public(request):
    """Those of some classes that their package exports under their own name."""
    found = []
    for qualified in request["classes"]:
        package = sys.modules[qualified.partition(".")[0]]
        if getattr(package, qualified.rpartition(".")[2], None) is imported(qualified):
            found.append(qualified)
    return {"public": found}


ANSWERS = {"facts": facts, "fates": fates, "attributes": attributes, "returned": returned, "public": public}


def answer(request):
    try:
        return ANSWERS[request["do"]](request)
    except Undecided as cause:
        return {"undecided": str(cause)}
    except Exception as error:
        return {"undecided": f"failed: {observe.text_of(error)}"}


def main():
    torch.set_num_threads(1)
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    answers.write(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__}) + "\n")
    for number, line in enumerate(sys.stdin):
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        if number % 100 == 0:
            gc.collect()


if __name__ == "__main__":
    main()
