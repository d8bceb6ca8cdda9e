"""Which models of a library are run, and how: a module for each library.

Each has `models()`, which yields (name, function of the recorder that makes and runs one).
"""

from __future__ import annotations

import importlib

LIBRARIES = ("transformers", "timm", "peft", "diffusers", "sentence-transformers")


def of_library(library):
    return importlib.import_module(f"runs.{library.replace('-', '_')}").models()


def of_scripts(paths):
    return importlib.import_module("runs.scripts").models(paths)
