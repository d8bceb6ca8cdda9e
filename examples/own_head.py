"""Puts a head of one's own on a base DeiT, with dropout and class weights that the library's head does not have.

What it shows: a base model is the right one here. `forward` takes the labels itself and computes the loss, so there is
nothing to report.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from transformers import AutoImageProcessor, DeiTModel

CHECKPOINT = "facebook/deit-small-patch16-224"


@dataclass
class PhotoOutput:
    logits: torch.Tensor
    loss: torch.Tensor | None = None


class PhotoClassifier(nn.Module):
    def __init__(self, checkpoint: str, n_classes: int, weights: torch.Tensor) -> None:
        super().__init__()
        self.encoder = DeiTModel.from_pretrained(checkpoint, add_pooling_layer=False)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(self.encoder.config.hidden_size, n_classes)
        self.register_buffer("weights", weights)

    def forward(self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None) -> PhotoOutput:
        outputs = self.encoder(pixel_values=pixel_values)
        logits = self.head(self.dropout(outputs.last_hidden_state[:, 0]))
        if labels is None:
            return PhotoOutput(logits=logits)
        return PhotoOutput(logits=logits, loss=F.cross_entropy(logits, labels, weight=self.weights))


paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})
labels = torch.tensor([classes.index(path.parent.name) for path in paths])
weights = len(paths) / torch.bincount(labels, minlength=len(classes)).float()

image_processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
model = PhotoClassifier(CHECKPOINT, n_classes=len(classes), weights=weights)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

for epoch in range(3):
    for start in range(0, len(paths), 8):
        images = [Image.open(path).convert("RGB") for path in paths[start : start + 8]]
        inputs = image_processor(images=images, return_tensors="pt")
        outputs = model(**inputs, labels=labels[start : start + 8])
        outputs.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: loss {outputs.loss.item():.3f}")
