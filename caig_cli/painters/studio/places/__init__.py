"""Places behind the product: rooms furnished at true scale, and grounds with what stands on them."""
