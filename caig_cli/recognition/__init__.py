"""What a product without a title is, by a frozen classifier: size, stance and set follow from it."""
