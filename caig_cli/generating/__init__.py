"""What only ``caig generate`` uses: its recipe, what is wanted of each product, photos, models and ads."""
