"""The parts of a round of ``caig pcpo``: products, candidates, judges, preferences, evaluation, report."""
