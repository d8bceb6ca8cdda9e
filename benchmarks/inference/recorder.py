"""Notes every call of a torch module that happens: where in which file, and of which class the module is.

Runs in the interpreter that has the libraries, Python 3.11 or later, whose frames say which expression is being called.
"""

from __future__ import annotations

import sys
from collections import Counter

import torch

_WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
"""Modules that are called as the one inside, and the attribute that holds that."""
_MARK = "_calls_are_noted"


class Recorder:
    """Use as a context; modules of classes that are made meanwhile are noted after `watch`."""

    def __init__(self, folders):
        self.folders = tuple(folders)
        """Only calls in files below these are noted."""
        self._seen = Counter()

    def __enter__(self):
        self.watch()
        return self

    def __exit__(self, *_):
        for cls in [torch.nn.Module, *derived(torch.nn.Module)]:
            function = vars(cls).get("__call__")
            if hasattr(function, _MARK):
                cls.__call__ = getattr(function, _MARK)

    def watch(self):
        """Take in the classes that there are now: those with a `__call__` of their own are called by way of it."""
        for cls in [torch.nn.Module, *derived(torch.nn.Module)]:
            function = vars(cls).get("__call__")
            if function is not None and not hasattr(function, _MARK):
                cls.__call__ = self._noting(function)

    def _noting(self, function):
        def noted(module, *arguments, **keywords):
            frame = sys._getframe(1)
            if frame.f_code.co_filename.startswith(self.folders):
                self._seen[frame.f_code, frame.f_lasti, type(_innermost(module))] += 1
            return function(module, *arguments, **keywords)

        setattr(noted, _MARK, function)
        return noted

    def calls(self):
        """{"file", "start": [line from 1, byte], "end", "class", "defining", "n"} of each place and class seen there;
        `defining` is the class that defines the `forward` which ran."""
        for (code, instruction, cls), n in self._seen.items():
            line, end_line, column, end_column = list(code.co_positions())[instruction // 2]
            if None in (line, end_line, column, end_column):
                continue
            yield {
                "file": code.co_filename,
                "start": [line, column],
                "end": [end_line, end_column],
                "class": _qualified(cls),
                "defining": next((_qualified(base) for base in cls.__mro__ if "forward" in vars(base)), ""),
                "n": n,
            }


def _innermost(module):
    while type(module).__name__ in _WRAPPERS:
        module = getattr(module, _WRAPPERS[type(module).__name__])
    return module


def _qualified(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def derived(cls):
    """All classes that are derived from one."""
    for child in type.__subclasses__(cls):
        yield child
        yield from derived(child)
