"""Finds arguments that a call runs with: of the values that each may have, those that take it furthest.

How far it comes is told by how many modules are called before something raises, and in which lines that happens.
"""

from __future__ import annotations

import inspect
import time

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

SECONDS = 4.0
"""Of the processor, for each value to start from."""
DONE = (float("inf"), ())
PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Climb:
    """`call` has the parameters of `function`; `values(name)` gives the values that an argument may have, the likeliest
    first; those of `given` are passed wherever they are accepted."""

    def __init__(self, call, function, values, given=()):
        self.call = call
        parameters = [p for p in inspect.signature(function).parameters.values() if p.kind in PLAIN]
        self.choices = {p.name: list(values(p.name)) for p in parameters}
        self.required = [p.name for p in parameters if p.default is p.empty or p.name in given]
        self.optional = [name for name in self.choices if name not in self.required and self.choices[name]]
        self.failures = {}
        """How far it came -> what was in the way there."""
        self.until = 0.0

    def run(self):
        """Run with the fewest arguments, then with every other one that it still runs with; the arguments."""
        unknown = [name for name in self.required if not self.choices[name]]
        if unknown:
            raise ValueError(f"what may {', '.join(unknown)} be?")
        arguments = next(filter(None, map(self.up, self.starts())), None)
        if arguments is None:
            raise self.failures[max(self.failures)]
        self.until = time.process_time() + SECONDS
        for name in self.optional:
            for value in self.choices[name]:
                more = {**arguments, name: value}
                if name not in arguments and self.in_time() and self.far(more) == DONE:
                    arguments = more
        return arguments

    def starts(self):
        """Where to start from: the first argument is most of what a model is given, and none is as wrong at once."""
        arguments = {name: self.choices[name][0] for name in self.required}
        if not self.required:
            yield arguments
            return
        first = self.required[0]
        for value in self.choices[first]:
            yield {**arguments, first: value}

    def up(self, arguments):
        """The arguments with all but the first changed until it runs; None where none of them can be bettered."""
        self.until = time.process_time() + SECONDS
        far = self.far(arguments)
        while far < DONE:
            arguments, farther = self.step(arguments, far)
            if farther == far:
                return None
            far = farther
        return arguments

    def step(self, arguments, far):
        """(arguments, how far it comes) with one of them changed to the better, if there is one."""
        for name in [*self.required[1:], *self.optional]:
            found = [(far, arguments)]
            for value in self.choices[name]:
                if not self.in_time():
                    return arguments, far
                changed = {**arguments, name: value}
                found.append((self.far(changed), changed))
            best, changed = max(found, key=lambda pair: pair[0])
            if best > far:
                return changed, best
        return arguments, far

    def in_time(self):
        return time.process_time() < self.until

    def far(self, arguments):
        """How far the call comes, which can be compared."""
        n_calls = 0

        def count(*_):
            nonlocal n_calls
            n_calls += 1

        hooks = register_module_forward_pre_hook(count), register_module_forward_hook(count)
        try:
            with torch.no_grad():
                self.call(**arguments)
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
