"""Reads modules instead of importing them: classes and functions are built from source, and no code of theirs runs.

`finder.install` puts an importer in place under which `importlib.import_module` gives modules whose classes are real
classes and whose functions are real functions with the right signature, but with a body that only raises. What the rest
of the worker does with live objects it can do with these.
"""
