"""Reward models: which of two ads is clicked more, and how often each is clicked."""
