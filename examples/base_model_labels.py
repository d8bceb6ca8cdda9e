"""Fine-tunes DeiT on folders of photos, but no loss ever comes.

What it shows: `DeiTModel` is the encoder without a head. Its `forward` swallows the `labels` inside `**inputs` without
a word, and its output has no `loss`. `DeiTForImageClassification` is what was meant (see right_head.py).
"""

from pathlib import Path

import torch
from PIL import Image
from transformers import AutoImageProcessor, DeiTModel

CHECKPOINT = "facebook/deit-small-patch16-224"

paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})

image_processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
model = DeiTModel.from_pretrained(CHECKPOINT)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

model.train()
for epoch in range(3):
    for start in range(0, len(paths), 8):
        batch = paths[start : start + 8]
        images = [Image.open(path).convert("RGB") for path in batch]
        inputs = image_processor(images=images, return_tensors="pt")
        inputs["labels"] = torch.tensor([classes.index(path.parent.name) for path in batch])
        outputs = model(**inputs)
        loss = outputs.loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: loss {loss.item():.3f}")
