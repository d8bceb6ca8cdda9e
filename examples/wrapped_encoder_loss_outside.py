"""Classifies sentences with a BERT encoder inside a module of one's own, and computes the loss outside.

What it shows: `labels` go to the loss function and not to the module, so there is nothing to report.
"""

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

CHECKPOINT = "google-bert/bert-base-uncased"
TEXTS = ["a gripping film", "two hours too long", "the best cast in years", "not even the dog could save it"]
LABELS = [1, 0, 1, 0]


class SentenceClassifier(nn.Module):
    def __init__(self, checkpoint: str, n_classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(checkpoint)
        self.head = nn.Linear(self.encoder.config.hidden_size, n_classes)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        outputs = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return self.head(outputs.last_hidden_state[:, 0])


tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
model = SentenceClassifier(CHECKPOINT, n_classes=2)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
loss_function = nn.CrossEntropyLoss()

model.train()
for epoch in range(3):
    for start in range(0, len(TEXTS), 2):
        inputs = tokenizer(TEXTS[start : start + 2], padding=True, truncation=True, return_tensors="pt")
        labels = torch.tensor(LABELS[start : start + 2])
        logits = model(**inputs)
        loss = loss_function(logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: loss {loss.item():.3f}")
