"""The simulated marketplace, where the true click-through rate is known."""
