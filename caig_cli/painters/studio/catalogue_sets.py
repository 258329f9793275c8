"""Surfaces and backdrops beyond the core's: a row each."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import BackdropRow, SurfaceRow

MORE_SURFACES: dict[str, SurfaceRow] = {}

MORE_BACKDROPS: dict[str, BackdropRow] = {}
