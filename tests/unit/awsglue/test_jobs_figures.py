"""The figures of merit that the training scripts compute themselves."""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "jobs"))

with warnings.catch_warnings():
    # pyspark.ml still asks distutils for a version.
    warnings.simplefilter("ignore", DeprecationWarning)
    from census_train import accuracy, area_under_roc


def pairwise(scores: list[tuple[float, float, int]]) -> float:
    """The definition: over all pairs of a positive and a negative row, the share that is ranked right."""
    positives = [score for score, label, count in scores for _ in range(count) if label]
    negatives = [score for score, label, count in scores for _ in range(count) if not label]
    wins = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


@pytest.mark.parametrize("seed", range(5))
def test_area_under_roc_is_the_share_of_pairs_ranked_right(seed: int) -> None:
    drawn = random.Random(seed)
    scores = [
        (drawn.randint(0, 6) / 6, float(label), drawn.randint(1, 4)) for label in (0, 1) for _ in range(8)
    ]
    assert area_under_roc(scores) == pytest.approx(pairwise(scores))


def test_area_under_roc_at_its_ends() -> None:
    assert area_under_roc([(0.1, 0.0, 3), (0.9, 1.0, 2)]) == 1.0
    assert area_under_roc([(0.9, 0.0, 3), (0.1, 1.0, 2)]) == 0.0
    assert area_under_roc([(0.5, 0.0, 3), (0.5, 1.0, 2)]) == 0.5


def test_rows_of_one_label_have_no_area_under_roc() -> None:
    with pytest.raises(ValueError, match="all of one label"):
        area_under_roc([(0.5, 1.0, 3)])


def test_accuracy_counts_rows_not_groups() -> None:
    groups = [{"label": 1.0, "prediction": 1.0, "count": 3}, {"label": 0.0, "prediction": 1.0, "count": 1}]
    assert accuracy(groups) == 0.75
