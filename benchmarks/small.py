"""Fine-tunes DeiT on images in memory."""

import torch
from torch.utils.data import DataLoader, Dataset
from transformers import AutoImageProcessor, DeiTForImageClassification

CHECKPOINT = "facebook/deit-small-patch16-224"


class Images(Dataset):
    def __init__(self, images, labels, processor):
        self.images = images
        self.labels = labels
        self.processor = processor

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        inputs = self.processor(images=self.images[index], return_tensors="pt")
        return {"pixel_values": inputs["pixel_values"][0], "labels": self.labels[index]}


def train(model, loader, optimizer, device):
    model.train()
    total = 0.0
    for batch in loader:
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        outputs = model(**batch)
        outputs.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += outputs.loss.item()
    return total / len(loader)


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
    model = DeiTForImageClassification.from_pretrained(CHECKPOINT, num_labels=3).to(device)
    images = [torch.randint(0, 255, (3, 224, 224), dtype=torch.uint8) for _ in range(32)]
    labels = torch.randint(0, 3, (32,))
    loader = DataLoader(Images(images, labels, processor), batch_size=8, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    for epoch in range(3):
        print(epoch, train(model, loader, optimizer, device))


if __name__ == "__main__":
    main()
