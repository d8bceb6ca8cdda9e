"""Keyward: a language server that knows what a model's `forward` really accepts."""

__version__ = "0.1.0"
