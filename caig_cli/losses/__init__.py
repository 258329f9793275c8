"""Losses: of supervised training, and of preferences."""
