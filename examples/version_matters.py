"""Asks a base BERT for a loss, once with `labels` and once with a slip of the pen on the right head.

What it shows: what is wrong depends on the version that is installed. Both calls raise `TypeError` in transformers 4.57
and pass in silence in transformers 5, where every `forward` ends in `**kwargs`.
"""

import torch
from transformers import AutoTokenizer, BertForSequenceClassification, BertModel

CHECKPOINT = "google-bert/bert-base-uncased"

tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
inputs = tokenizer(["a gripping film", "two hours too long"], padding=True, return_tensors="pt")
labels = torch.tensor([1, 0])

encoder = BertModel.from_pretrained(CHECKPOINT).eval()
outputs = encoder(**inputs, labels=labels)
print(outputs.pooler_output.shape)

classifier = BertForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=2).eval()
outputs = classifier(**inputs, lables=labels)
print(outputs.logits.softmax(-1))
