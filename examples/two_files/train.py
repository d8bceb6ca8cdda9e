"""Trains the classifier of model.py and compares its features with those of the bare encoder.

What it shows: what a call accepts is known across files. `Classifier.forward` has no `labels` and raises; the encoder
that the factory returns swallows them.
"""

from pathlib import Path

import torch
from model import CHECKPOINT, Classifier, build_encoder
from PIL import Image
from torch.nn import functional as F
from transformers import AutoImageProcessor

paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})
labels = torch.tensor([classes.index(path.parent.name) for path in paths])

image_processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
inputs = image_processor(images=[Image.open(path).convert("RGB") for path in paths], return_tensors="pt")

model = Classifier(n_classes=len(classes))
optimizer = torch.optim.AdamW(model.head.parameters(), lr=1e-3)
for _ in range(10):
    logits = model(**inputs, labels=labels)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

encoder = build_encoder()
features = encoder(pixel_values=inputs["pixel_values"], labels=labels).last_hidden_state
print(features.shape, f"loss {loss.item():.3f}")
