"""Trains a small network on random points, with both forms of the cross-entropy.

What it shows: losses of torch name their second argument `target`. `labels` is the word of transformers and raises
`TypeError` here, in the function and in the module alike.
"""

import torch
import torch.nn.functional as F
from torch import nn

points = torch.randn(64, 2)
quadrants = (points[:, 0] > 0).long() * 2 + (points[:, 1] > 0).long()

network = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

for _ in range(20):
    logits = network(points)
    loss = criterion(logits, labels=quadrants)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

with torch.no_grad():
    logits = network(points)
    before = F.cross_entropy(logits, labels=quadrants)
    after = F.cross_entropy(input=logits, target=quadrants, reduction="mean")
print(f"{before:.3f} {after:.3f}")
