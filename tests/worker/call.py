"""Runs in an environment of its own: makes the calls that it is given and prints what became of each.

    python call.py libraries|tensorflow CALL...

The fate of a call, an expression, is "fine" or the name of what it raised.
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
        names.update(torch=torch, F=torch.nn.functional, accelerate=accelerate)
        names.update(x=x, x3=torch.ones(2, 3, 4), sgd=torch.optim.SGD([x], lr=0.1))
    fates = []
    for call in sys.argv[2:]:
        try:
            eval(call, names)
            fates.append("fine")
        except Exception as error:
            fates.append(type(error).__name__)
    print(json.dumps(fates))


main()
