"""A diffusion model paints the background; the product's own pixels go on top of it."""
