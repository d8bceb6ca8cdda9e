"""What the parser below jedi (parso) keeps of the files that it has read, and what it must not keep.

It keeps trees in memory, and on disk as pickles, and takes them for current unless the file is *younger*. So a file of
the user's that was replaced by an older one would never be read again: those are kept in memory only, and looked after
here. The stub tree and jedi's own stubs never change, and are kept on disk, since reading them anew costs a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def keep_on_disk(cache: Any, kept: Callable[[str], bool]) -> None:
    """Only trees of files for which `kept` holds go to disk; a cache that is damaged, full or read-only is as none.

    `cache` is the module `parso.cache`.
    """

    def only(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(grammar: str, path: object, *arguments: Any, **options: Any) -> Any:
            if kept(str(path)):
                with suppress(Exception):
                    return function(grammar, path, *arguments, **options)
            return None

        return call

    def tidy(**options: Any) -> None:
        with suppress(OSError):
            clear(**options)

    clear = cache._remove_cache_and_update_lock
    cache._load_from_file_system = only(cache._load_from_file_system)
    cache._save_to_file_system = only(cache._save_to_file_system)
    cache._remove_cache_and_update_lock = tidy


def forget_changed(cache: Any) -> None:
    """Lets go of the trees of files that are not what they were, whether younger or older."""
    for trees in cache.parser_cache.values():
        for path in [path for path, tree in trees.items() if _modified(path) != tree.change_time]:
            del trees[path]


def _modified(path: object) -> float | None:
    try:
        return os.path.getmtime(str(path))
    except OSError:
        return None
