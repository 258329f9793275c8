"""Pairs per second of a reward model: batched against one at a time, and whether both say the same.

One at a time is the plain way: each pair alone, each order a forward pass of its own, each ad looked at anew.

Usage: python benchmarks/scoring.py [--judge embedded] [--pairs FILE] [--limit 256] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from caig_cli.data.creatives import open_creative
from caig_cli.data.pairs import read_pairs
from caig_cli.engine.runtime import choose_device
from caig_cli.records import Pair, Verdict
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.model import encode

GOAL = 4.0
TESTSET = Path(__file__).parents[1] / "caig_cli" / "embedded" / "testset" / "pairs.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", default="embedded", help="embedded, heldout, or a folder of caig train-rm")
    parser.add_argument(
        "--pairs", type=Path, default=TESTSET, help="pair file; default: the shipped test set"
    )
    parser.add_argument("--limit", type=int, default=256, help="pairs to score")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--repeats", type=int, default=3, help="timings to take the best of")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    judge = TrainedJudge.load(args.judge, choose_device("cpu", "fp32"))
    pairs = read_pairs(args.pairs)[0][: args.limit]
    plain, together = [], []
    seconds_plain = seconds_together = float("inf")
    for _ in range(args.repeats):
        fresh = TrainedJudge(judge.name, judge.model, judge.facts)
        start = time.perf_counter()
        together = [verdict for verdict in fresh.judge(pairs) if isinstance(verdict, Verdict)]
        middle = time.perf_counter()
        plain = one_at_a_time(judge, pairs)
        end = time.perf_counter()
        seconds_together, seconds_plain = (
            min(seconds_together, middle - start),
            min(seconds_plain, end - middle),
        )
    assert len(together) == len(pairs), "an ad cannot be opened"
    apart = max(
        abs(logit(a) - logit(b))
        for (shown, swapped), verdict in zip(plain, together, strict=True)
        for a, b in ((shown, verdict.shown), (swapped, verdict.swapped))
    )
    figures = {
        "judge": judge.name,
        "pairs": len(pairs),
        "batched_pairs_per_s": round(len(pairs) / seconds_together, 1),
        "alone_pairs_per_s": round(len(pairs) / seconds_plain, 1),
        "times_faster": round(seconds_plain / seconds_together, 2),
        "goal": GOAL,
        "largest_logit_difference": apart,
        "threads": args.threads,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures))


@torch.no_grad()
def one_at_a_time(judge: TrainedJudge, pairs: Sequence[Pair]) -> list[tuple[float, float]]:
    """P(left) of each pair with the left ad shown first, and with the right one."""
    probabilities = []
    for pair in pairs:
        odds = []
        for ads in ((pair.left, pair.right), (pair.right, pair.left)):
            seen = torch.cat([encode(judge.model, [open_creative(ad)]) for ad in ads])
            left, right = torch.tensor([[0], [1]])
            out = judge.model(seen, left, right, [judge.facts.wording.text(pair)])
            odds.append(float(out.logits_P2[0, 0] - out.logits_P2[0, 1]) / judge.facts.temperature)
        probabilities.append((sigmoid(odds[0]), sigmoid(-odds[1])))
    return probabilities


def sigmoid(odds: float) -> float:
    return float(torch.tensor(odds, dtype=torch.float64).sigmoid())


def logit(p: float) -> float:
    return float(torch.tensor(p, dtype=torch.float64).logit())


if __name__ == "__main__":
    main()
