"""The ways in which models look at a picture: one file for each peculiar kind."""
