"""Python's cyclic garbage, collected while nobody waits.

Python would look through all that an analysis made in the middle of the next one: tens of milliseconds now and then,
which is what the slowest answers are made of. A snapshot that is replaced is freed without that (`Analysis.retire`);
the little that is left is collected once the user rests.
"""

from __future__ import annotations

import asyncio
import gc

REST = 2.0
"""Seconds without an analysis after which somebody rests."""
MOST = 500
"""Analyses after which garbage is collected, rest or no rest."""


class Collector:
    def __init__(self) -> None:
        self._n_analyses = 0
        self._rest: asyncio.TimerHandle | None = None

    def analysed(self) -> None:
        """There is garbage. To be called on the event loop."""
        self._n_analyses += 1
        self.close()
        loop = asyncio.get_running_loop()
        self._rest = loop.call_later(0.0 if self._n_analyses > MOST else REST, self._collect)

    def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()

    def _collect(self) -> None:
        self._n_analyses = 0
        gc.collect()


def take_over() -> None:
    """Ends the automatic collection. What is loaded by now lives as long as the process, and is not looked at again."""
    gc.disable()
    gc.freeze()
