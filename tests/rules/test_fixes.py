"""What holds of every fix, over scripts put together from the forms that people write."""

from __future__ import annotations

from itertools import product

import pytest

from keyward.inference.world import World
from keyward.rules import RuleSettings, Safety
from keyward.signatures.store import Signatures
from page_tests.running import Run, check_fix

IMPORTS = {
    "plain": ("from transformers import {name}", "{name}"),
    "alias": ("from transformers import {name} as Model", "Model"),
    "module": ("import transformers", "transformers.{name}"),
    "module alias": ("import os\n\nimport transformers as hf", "hf.{name}"),
    "many": ("from transformers import AutoTokenizer, {name}, Trainer", "{name}"),
    "lines": ("from transformers import (\n    AutoTokenizer,\n    {name},  # the model\n    Trainer,\n)", "{name}"),
    "star": ("from transformers import *", "{name}"),
}
CHECKPOINTS = {
    "DeiTModel": "facebook/deit-base-distilled-patch16-224",
    "DeiTForImageClassificationWithTeacher": "facebook/deit-base-distilled-patch16-224",
    "BertModel": "google-bert/bert-base-uncased",
    "AutoModel": "google-bert/bert-base-uncased",
}
CALLS = (
    "model({input}=x, labels=y)",
    "model(labels=y, {input}=x)",
    "model({input}=x, labels=torch.ones(1),)",
    "model(\n        {input}=x,  # the input\n        labels=y,  # in vain\n    )",
    "model(\n        labels=y,\n        {input}=x)",
    "model({input}=x,\n          labels=y)",
    "model({input}=x, labels=y, lables=y, something=1)",
    "model(**{{'{input}': x, 'labels': y}})",
    "model(*rest, labels=y, **more)",
)
USES = (
    "outputs = {call}",
    "outputs = {call}\n    loss = outputs.loss\n    loss.backward()",
    "outputs = {call}\n    return outputs['loss'], outputs.logits",
    "outputs = {call}  # the call\n    if y:\n        outputs.loss.backward()",
    "return {call}.loss",
    "a = 1; outputs = {call}",
    "for x in y: outputs = {call}",
)
FRAMES = (
    "def step(x, y, rest, more):\n    {use}\n",
    "class Step:\n  def run(self, x, y, rest, more):\n    {use}\n",
    "async def step(x, y, rest, more):\n    {use}",
)
STEP = 7


def script(imports: str, name: str, call: str, use: str, frame: str) -> str:
    statement, reference = IMPORTS[imports]
    taken = "input_ids" if CHECKPOINTS[name].startswith("google") else "pixel_values"
    return f"{statement}\nimport torch\n\nmodel = {reference}.from_pretrained({CHECKPOINTS[name]!r})\n\n".format(
        name=name
    ) + frame.format(use=use.format(call=call.format(input=taken)))


@pytest.mark.parametrize("name", CHECKPOINTS)
@pytest.mark.parametrize("imports", IMPORTS)
def test_every_fix_mends_and_breaks_nothing(standin: Signatures, imports: str, name: str) -> None:
    world, settings = World(standin), RuleSettings()
    n_fixes = 0
    # Each test takes other pairs than its neighbours; all of them together would take a minute.
    start = (list(IMPORTS).index(imports) + 2 * list(CHECKPOINTS).index(name)) % STEP
    for number, (call, use) in list(enumerate(product(CALLS, USES)))[start::STEP]:
        text = script(imports, name, call, use, FRAMES[number % len(FRAMES)])
        for encoded in (text.encode(), text.replace("\n", "\r\n").replace("    ", "\t").encode()):
            run = Run.of("script.py", encoded, world, settings)
            assert run.checked.findings, text
            for finding in run.checked.findings:
                for fix in run.fixes(finding):
                    check_fix(run, finding, fix)
                    n_fixes += 1
    assert n_fixes > 200 / STEP


def test_safe_fixes_do_not_hide_that_there_is_no_loss(standin: Signatures) -> None:
    """What "fix all" may apply never takes labels away."""
    world, settings = World(standin), RuleSettings()
    for name, call in product(CHECKPOINTS, CALLS):
        run = Run.of("script.py", script("plain", name, call, USES[0], FRAMES[0]).encode(), world, settings)
        for finding in run.checked.findings:
            if finding.subject == "labels":
                assert all(fix.safety is Safety.UNSAFE for fix in run.fixes(finding))
