"""Ads that go out: what platforms ask of a file, files that obey it, and whether a file is true."""
