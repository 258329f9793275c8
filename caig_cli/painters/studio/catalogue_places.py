"""Places and seasons: a row each. A row composes names that exist; it needs no code of its own."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import PlaceRow

MORE_PLACES: tuple[PlaceRow, ...] = ()
