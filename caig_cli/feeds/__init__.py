"""A shop's product feed in, and files that bring the ads back to the shop out."""
