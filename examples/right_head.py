"""Fine-tunes DeiT on folders of photos with the head that computes the loss.

What it shows: `DeiTForImageClassification.forward` takes `labels`, and its output has `loss` and `logits`. There is
nothing to report.
"""

from pathlib import Path

import torch
from PIL import Image
from transformers import AutoImageProcessor, DeiTForImageClassification

CHECKPOINT = "facebook/deit-small-patch16-224"
device = "cuda" if torch.cuda.is_available() else "cpu"

paths = sorted(Path("photos").glob("*/*.jpg"))
classes = sorted({path.parent.name for path in paths})

image_processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
model = DeiTForImageClassification.from_pretrained(CHECKPOINT, num_labels=len(classes)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

model.train()
for epoch in range(3):
    for start in range(0, len(paths), 8):
        batch = paths[start : start + 8]
        images = [Image.open(path).convert("RGB") for path in batch]
        inputs = image_processor(images=images, return_tensors="pt").to(device)
        inputs["labels"] = torch.tensor([classes.index(path.parent.name) for path in batch], device=device)
        outputs = model(**inputs)
        outputs.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: loss {outputs.loss.item():.3f}")

model.eval()
with torch.no_grad():
    inputs = image_processor(images=Image.open(paths[0]).convert("RGB"), return_tensors="pt").to(device)
    outputs = model(**inputs, output_hidden_states=True)
print(classes[int(outputs.logits.argmax(-1))], len(outputs.hidden_states), "layers")
