"""Released checkpoints: from the original LLaVA layout to folders that transformers loads."""
