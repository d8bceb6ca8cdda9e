"""The models of train.py: a factory for the bare encoder, and a module with a head."""

import torch
from torch import nn
from transformers import DeiTModel

CHECKPOINT = "facebook/deit-small-patch16-224"


def build_encoder(checkpoint: str = CHECKPOINT, frozen: bool = False):
    encoder = DeiTModel.from_pretrained(checkpoint)
    if frozen:
        for parameter in encoder.parameters():
            parameter.requires_grad = False
    return encoder


class Classifier(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.encoder = build_encoder(frozen=True)
        self.head = nn.Linear(self.encoder.config.hidden_size, n_classes)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(pixel_values=pixel_values).pooler_output)
