"""`keyward` and `python -m keyward`."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        # The way every editor starts it: nothing that only the command line needs is imported before the first answer.
        from .lsp.server import start_stdio

        sys.exit(start_stdio())
    else:
        from .cli.app import main as command_line

        command_line()


if __name__ == "__main__":
    main()
