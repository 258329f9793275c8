"""Cut-outs that should be looked at before an ad is made of them."""

from __future__ import annotations

from caig_cli.cutouts.cutout import DOUBTFUL, CutoutFacts

GENERATE = (
    "look at it in report.html; --accept-doubtful uses it, or give a mask (NAME_mask.png beside the photo)"
)
"""What a user of ``caig generate`` can do."""

DRY_RUN = "a run without --dry-run shows it in report.html; --accept-doubtful uses it, or give a mask"
"""What a user of ``caig generate --dry-run`` can do."""

PCPO = "look at it with caig generate, and give a mask (NAME_mask.png beside the photo), or leave it out"
"""What a user of ``caig pcpo`` can do: what is learnt from must be sure."""


def doubt(facts: CutoutFacts, advice: str) -> str | None:
    """Why a cut-out is not used unless it is asked for, and what to do; None for one that is sure enough."""
    if facts.doubt <= DOUBTFUL:
        return None
    note = "; ".join(note.rstrip(".") for note in facts.notes) or "its outline is not sure"
    return f"doubtful cut-out ({facts.doubt:.2f}): {note}; {advice}"
