"""A script with a bit of everything, edited at random by test_incremental.py."""

import torch
from torch import nn
from transformers import AutoImageProcessor, DeiTForImageClassification, DeiTModel

name = "facebook/deit-base-distilled-patch16-224"
processor = AutoImageProcessor.from_pretrained(name)


class Base(nn.Module):
    def __init__(self, encoder=None):
        super().__init__()
        self.encoder = encoder or DeiTModel.from_pretrained(name)
        self.head = nn.Linear(4, 2)

    def features(self, x):
        outputs = self.encoder(pixel_values=x)
        return outputs.pooler_output

    def make(self):
        return self.encoder


class Classifier(Base):
    scale: float = 1.0

    def forward(self, x, labels=None):
        logits = self.head(self.features(x))
        if labels is not None:
            return self.make()(pixel_values=x, labels=labels).loss
        return logits


def build():
    return DeiTModel.from_pretrained(name)


def main():
    model = Classifier()
    for batch in [{"x": torch.zeros(1), "labels": None}]:
        loss = model(**batch)
        batch["mask"] = loss
        model(**batch)
    with torch.no_grad():
        build()(pixel_values=None, labels=None)


model = build()
inputs = processor(images=None, return_tensors="pt")
labels = torch.zeros(1)
outputs = model(**inputs, labels=labels)
if labels is None:
    model = DeiTForImageClassification.from_pretrained(name)
print(outputs.loss, model(**inputs).logits)
net = nn.DataParallel(model)
net(labels=labels, **inputs)

if __name__ == "__main__":
    main()
