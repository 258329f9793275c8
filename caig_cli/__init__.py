"""caig: click-driven product ads with multimodal LLMs."""

__version__ = "0.1.0"
