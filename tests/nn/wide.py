"""A module of somebody else, found by name."""

from torch import nn


class Wide(nn.Module):
    """One hidden layer with batch norm; rows of any shape."""

    def __init__(self, n_features, n_classes, width=8, each=1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_features * each, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, n_classes),
        )

    def forward(self, x):
        return self.layers(x)
