"""No handler takes the server down: what fails is logged, and the client gets an empty answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Any

from pygls.exceptions import JsonRpcException

logger = logging.getLogger(__name__)


def handled(method: str, handler: Callable[[Any], None]) -> Callable[[Any], None]:
    """A handler of notifications that never raises."""

    def run(parameters: Any) -> None:
        try:
            handler(parameters)
        except Exception:
            logger.exception("%s failed.", method)

    return run


def answered(
    method: str, handler: Callable[[Any], Generator[Any, Any, Any]], empty: Any
) -> Callable[[Any], Generator[Any, Any, Any]]:
    """A handler of requests that answers `empty` where it fails. Errors that are meant for the client pass."""

    def run(parameters: Any) -> Generator[Any, Any, Any]:
        try:
            return (yield from handler(parameters))
        except JsonRpcException:
            raise
        except Exception:
            logger.exception("%s failed.", method)
            return empty

    return run
