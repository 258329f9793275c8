"""The studio: a physically based renderer photographs the product on a built set."""
