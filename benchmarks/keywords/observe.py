"""Builds tiny random models and finds out, by calling them, what becomes of keywords: used, ignored or refused.

    python observe.py

Runs in the interpreter that has transformers, with that and the standard library alone. Says its versions, then reads
one JSON object a line, `{"class": qualified name, "always": [keyword, ...]}`, and answers each with one.
"""

from __future__ import annotations

import contextlib
import copy
import dis
import gc
import importlib
import inspect
import itertools
import json
import os
import sys
import time
import typing
import warnings

warnings.simplefilter("ignore")
os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# After these settings: importing the libraries reads them.
import configurations  # noqa: E402
import inputs  # noqa: E402
import probe  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from torch.nn.modules.module import register_module_parameter_registration_hook  # noqa: E402

MOST_PARAMETERS = 40_000_000
SECONDS_TO_BUILD = 15.0
IGNORED = "ignored"
ALONE = {"inputs_embeds", "decoder_inputs_embeds"}
"""What excludes others without being touched: passed alone, so that it need not be searched for among others."""


def models(module):
    """The model classes that a module defines and that have a forward of their own or a base's."""
    for cls in list(vars(module).values()):
        if not isinstance(cls, type) or cls.__module__ != module.__name__:
            continue
        if issubclass(cls, transformers.PreTrainedModel) and cls.forward.__name__ != "_forward_unimplemented":
            yield cls


def declared(cls):
    """(names of forward's parameters, keys of the typed dictionary that its `**kwargs` unpack)."""
    own, keys = [], []
    for name, parameter in list(inspect.signature(cls.forward).parameters.items())[1:]:
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            own.append(name)
        elif parameter.kind is parameter.VAR_KEYWORD:
            for typed in typing.get_args(parameter.annotation):
                keys += [key for key in getattr(typed, "__annotations__", {}) if key not in keys]
    return own, keys


def unread(cls, names):
    """Which parameters forward's own code never reads; none where it is not plain."""
    code = inspect.unwrap(cls.forward).__code__
    # A function inside, or `locals()`, may read them too.
    read = {*code.co_cellvars, *(str(item.argval) for item in dis.get_instructions(code) if "STORE" not in item.opname)}
    read |= {
        name for item in dis.get_instructions(code) if isinstance(item.argval, tuple) for name in map(str, item.argval)
    }
    return [] if "locals" in code.co_names else [name for name in names if name not in read]


def text_of(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


class Unbuilt(Exception):
    """A class cannot be built or run; its text says why."""


class Model:
    """A tiny random model of a class, with the fewest arguments that it runs with."""

    def __init__(self, cls):
        failure, stage = None, "built"
        started = time.perf_counter()
        for policy, config in possible(cls):
            if time.perf_counter() - started > SECONDS_TO_BUILD:
                break
            try:
                self.model, self.config, self.policy = build(cls, config), config, policy
            except Exception as error:
                failure = failure or error
                continue
            try:
                self.base = inputs.minimal(self.model, config, self.run)
                return
            except Exception as error:
                if stage == "built":
                    failure, stage = error, "run"
        raise Unbuilt(f"not {stage}: {text_of(failure)}" if not isinstance(failure, Unbuilt) else str(failure))

    def run(self, arguments):
        """What the model returns; arguments and model stay as they are."""
        return probe.call(self.model, (), {name: fresh(value) for name, value in arguments.items()})


def fresh(value):
    if isinstance(value, torch.Tensor):
        return value.clone()
    return copy.deepcopy(value) if isinstance(value, (list, tuple, dict)) else value


def possible(cls):
    """(policy, configuration) for a model class: of its own configuration class, then of that one's parts."""
    config_class = cls.config_class
    if config_class is None:
        raise Unbuilt("the class names no configuration")
    own = configurations.candidates(config_class)
    yield from itertools.islice(own, 1)
    # A class within a model may take a part of the configuration that it names.
    parts = getattr(config_class, "sub_configs", None)
    for part in parts.values() if isinstance(parts, dict) else ():
        if isinstance(part, type) and "model_type" in vars(part):
            yield from itertools.islice(configurations.candidates(part), 1)
    yield from own


def build(cls, config):
    """The model, unless it grows too large on the way."""
    n_parameters = 0

    def count(module, name, parameter):
        nonlocal n_parameters
        n_parameters += parameter.numel()
        if n_parameters > MOST_PARAMETERS:
            raise Unbuilt(f"more than {MOST_PARAMETERS / 1e6:.0f} million parameters are left")

    hook = register_module_parameter_registration_hook(count)
    try:
        torch.random.default_generator.manual_seed(0)
        return cls(config).eval()
    finally:
        hook.remove()


class Observer:
    """Finds the fates of many keywords with few calls: all that are not known yet are passed at once."""

    def __init__(self, model, names):
        self.model = model
        self.fates = {}
        self.pending = list(names)
        self.n_calls = 0
        self.steady = True

    def look(self, base, with_values=False):
        """Pass what is pending in addition to `base`, or in place of what it holds; then other values of its kind."""
        expected = self.model.run(base)
        # A result that changes by itself says nothing: then only who touches a tripwire does.
        self.steady = self.steady and probe.same(expected, self.model.run(base))
        call = (base, expected if self.steady else None)
        for name in ALONE.intersection(self.pending):
            self.pass_all(call, [name], lambda name, touched: probe.Tripwire(name, touched))
        self.pass_all(call, self.pending, lambda name, touched: probe.Tripwire(name, touched))
        if with_values:
            if "return_dict" in self.pending:
                self.pass_all(call, ["return_dict"], lambda name, touched: False)
            added = [name for name in self.pending if name not in base]
            self.pass_all(call, added, lambda name, touched: plausible(name, self.model.config, 0))
            self.pass_all(call, added, lambda name, touched: plausible(name, self.model.config, 1))

    def pass_all(self, call, names, make):
        """Settle those of `names` that are refused or used; the others stay pending."""
        while names := [name for name in names if name in self.pending]:
            fate, settled = self.attempt(call, names, make)
            if fate == IGNORED:
                return
            if settled:
                self.settle(settled, fate)
            elif len(names) == 1:
                self.settle(names, fate)
            else:
                half = len(names) // 2
                self.pass_all(call, names[:half], make)
                self.pass_all(call, names[half:], make)
                return

    def attempt(self, call, names, make):
        """(fate, the names that have it) of one call with all of `names`; no names: one or more of them have it."""
        base, expected = call
        touched = []
        self.n_calls += 1
        try:
            result = self.model.run({**base, **{name: make(name, touched) for name in names}})
        except Exception as error:
            refused = probe.UNEXPECTED.search(str(error)) if isinstance(error, TypeError) else None
            if refused and refused[1] in names and not touched:
                return probe.REFUSED, [refused[1]]
            return probe.USED, list(dict.fromkeys(touched))
        if touched:
            return probe.USED, list(dict.fromkeys(touched))
        if expected is None or probe.same(result, expected):
            return IGNORED, []
        return probe.USED, []

    def settle(self, names, fate):
        self.fates.update(dict.fromkeys(names, fate))
        self.pending = [name for name in self.pending if name not in self.fates]


def plausible(name, config, number):
    """A value that a keyword of this name may well have: of two, the first or the second."""
    if name.startswith(inputs.SWITCHES):
        return number == 0
    found = list(inputs.values(name, config)) or [torch.ones(inputs.BATCH, inputs.LENGTH, dtype=torch.long), 1]
    return found[min(number, len(found) - 1)]


def asked(cls, always):
    """What a class is asked about: its parameters and keys, and those of its neighbours in the module."""
    own, keys = declared(cls)
    neighbours = {name for other in models(sys.modules[cls.__module__]) for name in declared(other)[0]}
    return {
        "parameters": own,
        "keys": keys,
        "unread": unread(cls, own),
        "neighbours": sorted(neighbours.difference(own, keys, always)),
    }


def observe(cls, names):
    """The fates of keywords of a class, see the module's text."""
    started = time.perf_counter()
    model = Model(cls)
    built = time.perf_counter()
    observer = Observer(model, names)
    observer.look(model.base)
    with contextlib.suppress(Exception):
        model.model.set_attn_implementation("eager")
    full = inputs.rich(model.model, model.config, model.base, model.run)
    if observer.pending:
        observer.look(full, with_values=True)
    if observer.pending:
        model.model.train()
        with contextlib.suppress(Exception):  # not every model can be trained on what it can be run with
            observer.look(full)
    return {
        "fates": {name: observer.fates.get(name, IGNORED) for name in names},
        "steady": observer.steady,
        "policy": model.policy,
        "arguments": [sorted(model.base), sorted(full)],
        "seconds": [round(built - started, 2), round(time.perf_counter() - built, 2)],
        "calls": observer.n_calls,
    }


def answer(request):
    """What is told of one class."""
    module, _, name = request["class"].rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
        known = asked(cls, request["always"])
    except Exception as error:
        return {"unbuilt": f"not imported: {text_of(error)}"}
    names = dict.fromkeys([*known["parameters"], *known["keys"], *request["always"], *known["neighbours"]])
    try:
        return {**known, **observe(cls, list(names))}
    except Exception as error:
        return {**known, "unbuilt": str(error) if isinstance(error, Unbuilt) else f"not built: {text_of(error)}"}


def main():
    torch.set_num_threads(1)
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    answers.write(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__}) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        gc.collect()


if __name__ == "__main__":
    main()
