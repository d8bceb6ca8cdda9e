"""Finds arguments that a model runs with: of the values that each may have, those that take its forward furthest.

How far it comes is told by how many modules are called before something raises, and in which lines that happens.
"""

from __future__ import annotations

import inspect
import itertools
import time

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

SECONDS = 5.0
DONE = (float("inf"), ())
PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Climb:
    """`values(name)` gives the values that an argument may have, the likeliest first."""

    def __init__(self, model, values):
        self.model = model
        parameters = inspect.signature(model.forward).parameters.values()
        self.choices = {p.name: list(values(p.name)) for p in parameters if p.kind in PLAIN}
        self.required = [p.name for p in parameters if p.kind in PLAIN and p.default is p.empty]
        self.optional = [name for name in self.choices if name not in self.required and self.choices[name]]
        self.failures = {}
        """How far it came -> what was in the way there."""
        self.until = time.monotonic() + SECONDS

    def run(self):
        """Run with the fewest arguments, then with every other one that it still runs with; the arguments."""
        unknown = [name for name in self.required if not self.choices[name]]
        if unknown:
            raise ValueError(f"what may {', '.join(unknown)} be?")
        arguments = {name: self.choices[name][0] for name in self.required}
        far = self.far(arguments)
        while far < DONE:
            found = self.step(arguments, far)
            if found is None:
                raise self.failures[far]
            arguments, far = found
        for name in self.optional:
            for value in self.choices[name]:
                if name not in arguments and self.far({**arguments, name: value}) == DONE:
                    arguments[name] = value
        return arguments

    def step(self, arguments, far):
        """(arguments, how far it comes) with one of the arguments changed to the better, or two at once."""
        for n_changed, names in ((1, self.required), (1, self.optional), (2, [*self.required, *self.optional])):
            for changed in itertools.combinations(names, n_changed):
                found = [(far, None)]
                for values in itertools.product(*(self.choices[name] for name in changed)):
                    if time.monotonic() > self.until:
                        return None
                    changes = {**arguments, **dict(zip(changed, values, strict=True))}
                    found.append((self.far(changes), changes))
                best, changes = max(found, key=lambda pair: pair[0])
                if best > far:
                    return changes, best
        return None

    def far(self, arguments):
        """How far the model's forward comes, which can be compared."""
        n_calls = 0

        def count(*_):
            nonlocal n_calls
            n_calls += 1

        hooks = register_module_forward_pre_hook(count), register_module_forward_hook(count)
        try:
            with torch.no_grad():
                self.model(**arguments)
        except Exception as error:
            far = n_calls, tuple(lines(error.__traceback__))
            self.failures[far] = error.with_traceback(None)
            return far
        finally:
            for hook in hooks:
                hook.remove()
        return DONE


def lines(traceback):
    """The lines in which something was raised, outermost first."""
    while traceback is not None:
        yield traceback.tb_lineno
        traceback = traceback.tb_next
