"""Runs in an environment of its own: makes the calls that it is given and prints what became of each.

    python call.py libraries|tensorflow < calls.json

A call is `[callable, positional, {keyword: value}]`, all of them expressions; its fate is "fine" or the name of what
it raised.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    names: dict[str, object] = {}
    if sys.argv[1] == "tensorflow":
        import keras
        import tensorflow

        names.update(tf=tensorflow, keras=keras, x=tensorflow.ones((2, 3)), x3=tensorflow.ones((2, 3, 4)))
    else:
        import accelerate
        import torch

        x = torch.ones(2, 3, requires_grad=True)
        names.update(torch=torch, accelerate=accelerate, x=x, x3=torch.ones(2, 3, 4), sgd=torch.optim.SGD([x], lr=0.1))
    fates = []
    for called, positional, keywords in json.load(sys.stdin):
        arguments = [positional] if positional else []
        arguments += [f"{name}={value}" for name, value in keywords.items()]
        function = eval(called, names)
        try:
            eval(f"function({', '.join(arguments)})", {**names, "function": function})
            fates.append("fine")
        except Exception as error:
            fates.append(type(error).__name__)
    print(json.dumps(fates))


main()
