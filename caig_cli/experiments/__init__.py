"""Experiments on ads: who is shown what with which probability, and what the clicks say of it."""
