"""A made-up census in the exact shape of UCI's adult.data, for when the real file is not at hand.

The shape is that of the file: 32,561 rows of 15 columns, no header, ", " between values, " ?" where a
workclass, occupation or native country is missing, and a blank line at the end. The shares of the values and
what drives the income are set by hand to resemble the census, so that the course's tree has something to
learn; no row is a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

ROWS = 32_561
SEED = 1996
MISSING = "?"

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]

_AGES = ((0, 0.25, 0.5, 0.75, 0.95, 0.995, 1), (17, 28, 37, 48, 63, 76, 90))
_WEIGHTS = ((0, 0.25, 0.5, 0.75, 0.98, 1), (12_285, 117_827, 178_356, 237_051, 440_000, 1_484_705))
_HOURS = ((0, 0.1, 0.25, 0.26, 0.7, 0.75, 0.9, 1), (5, 22, 39, 40, 40, 45, 55, 99))

# name: (years of schooling, share, part in the income's log odds)
_EDUCATION: Mapping[str, tuple[int, float, float]] = {
    "HS-grad": (9, 0.323, -0.6),
    "Some-college": (10, 0.224, -0.2),
    "Bachelors": (13, 0.164, 1.0),
    "Masters": (14, 0.053, 1.6),
    "Assoc-voc": (11, 0.042, 0.1),
    "11th": (7, 0.036, -1.8),
    "Assoc-acdm": (12, 0.033, 0.1),
    "10th": (6, 0.029, -1.9),
    "7th-8th": (4, 0.020, -2.2),
    "Prof-school": (15, 0.018, 2.6),
    "9th": (5, 0.016, -2.2),
    "12th": (8, 0.013, -1.4),
    "Doctorate": (16, 0.013, 2.5),
    "5th-6th": (3, 0.010, -2.3),
    "1st-4th": (2, 0.005, -2.6),
    "Preschool": (1, 0.002, -3.5),
}
# name: (share with up to 12 years of schooling, share with more, part in the log odds)
_OCCUPATION: Mapping[str, tuple[float, float, float]] = {
    "Prof-specialty": (0.050, 0.39, 0.5),
    "Craft-repair": (0.155, 0.04, 0.0),
    "Exec-managerial": (0.090, 0.24, 0.9),
    "Adm-clerical": (0.125, 0.08, 0.0),
    "Sales": (0.112, 0.11, 0.3),
    "Other-service": (0.125, 0.02, -1.0),
    "Machine-op-inspct": (0.077, 0.01, -0.4),
    "Transport-moving": (0.060, 0.01, -0.2),
    "Handlers-cleaners": (0.053, 0.005, -0.9),
    "Farming-fishing": (0.036, 0.013, -1.1),
    "Tech-support": (0.027, 0.035, 0.5),
    "Protective-serv": (0.021, 0.015, 0.5),
    "Priv-house-serv": (0.006, 0.001, -2.5),
    "Armed-Forces": (0.0003, 0.0003, -0.5),
}
_WORKCLASS: Mapping[str, tuple[float, float]] = {
    "Private": (0.697, 0.0),
    "Self-emp-not-inc": (0.078, -0.2),
    "Local-gov": (0.064, 0.0),
    MISSING: (0.056, -0.6),
    "State-gov": (0.040, -0.1),
    "Self-emp-inc": (0.034, 0.6),
    "Federal-gov": (0.029, 0.6),
    "Without-pay": (0.0005, -3.0),
    "Never-worked": (0.0003, -5.0),
}
# name: (shares below 25, from 25 to 39, from 40 on; part in the log odds)
_RELATIONSHIP: Mapping[str, tuple[float, float, float, float]] = {
    "Husband": (0.080, 0.41, 0.54, 0.9),
    "Not-in-family": (0.260, 0.29, 0.22, -1.5),
    "Own-child": (0.560, 0.10, 0.02, -2.2),
    "Unmarried": (0.040, 0.11, 0.15, -1.9),
    "Wife": (0.020, 0.06, 0.05, 1.0),
    "Other-relative": (0.040, 0.03, 0.02, -2.2),
}
_SINGLE: Mapping[str, float] = {
    "Never-married": 0.61,
    "Divorced": 0.25,
    "Separated": 0.06,
    "Widowed": 0.056,
    "Married-spouse-absent": 0.024,
}
_RACE: Mapping[str, float] = {
    "White": 0.854,
    "Black": 0.096,
    "Asian-Pac-Islander": 0.032,
    "Amer-Indian-Eskimo": 0.010,
    "Other": 0.008,
}
_COUNTRY: Mapping[str, float] = {
    "United-States": 0.896,
    "Mexico": 0.030,
    MISSING: 0.018,
    "Philippines": 0.012,
    "Germany": 0.010,
    "Canada": 0.010,
    "India": 0.008,
    "Cuba": 0.008,
    "England": 0.008,
}
_INTERCEPT = -0.4


def adult(rows: int = ROWS, seed: int = SEED) -> bytes:
    """The file's content: the same bytes for the same seed on every machine."""
    draw = _Draw(np.random.Generator(np.random.PCG64(seed)), rows)
    age = draw.number(*_AGES)
    education = draw.choice({name: share for name, (_, share, _) in _EDUCATION.items()})
    schooling = _part(education, {name: years for name, (years, _, _) in _EDUCATION.items()})
    relationship = _relationship(draw, age)
    workclass = draw.choice({name: share for name, (share, _) in _WORKCLASS.items()})
    occupation = _occupation(draw, schooling)
    # Who has no known employer has no known occupation either.
    occupation[np.isin(workclass, (MISSING, "Never-worked"))] = MISSING
    chance = _chance(age, education, relationship, workclass, occupation)
    income = np.where(draw.uniform() < chance, ">50K", "<=50K")
    gain = np.where(
        draw.uniform() < 0.04 + 0.17 * chance, draw.number((0, 0.5, 0.98, 1), (114, 5000, 20_000, 99_999)), 0
    )
    loss = np.where((gain == 0) & (draw.uniform() < 0.05), draw.number((0, 0.5, 1), (155, 1887, 4356)), 0)
    columns = (
        age,
        workclass,
        draw.number(*_WEIGHTS),
        education,
        schooling,
        _marital_status(draw, relationship),
        occupation,
        relationship,
        draw.choice(_RACE),
        _sex(draw, relationship),
        gain,
        loss,
        draw.number(*_HOURS),
        draw.choice(_COUNTRY),
        income,
    )
    return _lines(columns)


class _Draw:
    """Values drawn from uniform numbers alone, whose stream no version of numpy changes."""

    def __init__(self, generator: np.random.Generator, rows: int) -> None:
        self._generator = generator
        self._rows = rows

    def uniform(self) -> Floats:
        return self._generator.random(self._rows)

    def choice(self, shares: Mapping[str, float]) -> Texts:
        edges = np.cumsum(list(shares.values()))
        places = np.searchsorted(edges / edges[-1], self.uniform(), side="right")
        names: Texts = np.array(list(shares))
        drawn: Texts = names[np.minimum(places, len(shares) - 1)]
        return drawn

    def number(self, shares: Sequence[float], values: Sequence[float]) -> NDArray[np.int64]:
        return np.interp(self.uniform(), shares, values).astype(np.int64)


def _part(names: Texts, parts: Mapping[str, float]) -> NDArray[np.int64] | Floats:
    """The number that belongs to each name."""
    known, places = np.unique(names, return_inverse=True)
    values: Floats | NDArray[np.int64] = np.array([parts[str(name)] for name in known])[places]
    return values


def _relationship(draw: _Draw, age: NDArray[np.int64]) -> Texts:
    young, middle, old = (
        draw.choice({name: shares[band] for name, shares in _RELATIONSHIP.items()}) for band in range(3)
    )
    return np.where(age < 25, young, np.where(age < 40, middle, old))


def _occupation(draw: _Draw, schooling: NDArray[np.int64] | Floats) -> Texts:
    less, more = (
        draw.choice({name: shares[column] for name, shares in _OCCUPATION.items()}) for column in range(2)
    )
    return np.where(schooling > 12, more, less)


def _marital_status(draw: _Draw, relationship: Texts) -> Texts:
    married = np.isin(relationship, ("Husband", "Wife"))
    single = draw.choice(_SINGLE)
    return np.where(
        married, "Married-civ-spouse", np.where(relationship == "Own-child", "Never-married", single)
    )


def _sex(draw: _Draw, relationship: Texts) -> Texts:
    other = draw.choice({"Male": 0.48, "Female": 0.52})
    return np.where(relationship == "Husband", "Male", np.where(relationship == "Wife", "Female", other))


def _chance(
    age: NDArray[np.int64], education: Texts, relationship: Texts, workclass: Texts, occupation: Texts
) -> Floats:
    """The probability that a row earns more than 50,000: highest around 50, as incomes are."""
    odds = (
        _INTERCEPT
        - ((age - 50) / 16.0) ** 2 * 0.8
        + _part(education, {name: part for name, (_, _, part) in _EDUCATION.items()})
        + _part(relationship, {name: shares[3] for name, shares in _RELATIONSHIP.items()})
        + _part(workclass, {name: part for name, (_, part) in _WORKCLASS.items()})
        + _part(occupation, {MISSING: -0.8, **{name: part for name, (_, _, part) in _OCCUPATION.items()}})
    )
    chance: Floats = 1 / (1 + np.exp(-odds))
    return chance


def _lines(columns: Sequence[NDArray[np.generic]]) -> bytes:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return ("".join(", ".join(map(str, row)) + "\n" for row in rows) + "\n").encode()
