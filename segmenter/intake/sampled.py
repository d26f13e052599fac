"""The header and first rows of an export, by which its columns are known before all of it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from segmenter.intake.numbers import decimal_candidates

Row = Sequence[str | None]


@dataclass(frozen=True)
class Table:
    """A header with a sample of its rows; `name` is for messages."""

    header: tuple[str, ...]
    sample: Sequence[Row]
    name: str

    @cached_property
    def _columns(self) -> dict[int, list[str]]:
        return {}

    def values(self, index: int) -> list[str]:
        """The sample's values of a column that are not empty; every role asks for those of most columns."""
        if index not in self._columns:
            given = (row[index] for row in self.sample)
            self._columns[index] = [text for value in given if value and (text := value.strip())]
        return self._columns[index]

    def called(self, index: int) -> str:
        """The name of a column in a message; hostile exports have long ones."""
        return repr(self.header[index][:60])


def mostly(values: Sequence[str], looks: Callable[[str], object]) -> bool:
    """True where four in five of the values look so; each is looked at once, however often it is there."""
    return sum(n for value, n in Counter(values).items() if looks(value)) >= 0.8 * len(values)


def are_numbers(values: Sequence[str]) -> bool:
    """True where most of the values are numbers."""
    return mostly(values, decimal_candidates)


def number_in(text: str | None) -> float | None:
    """The number that a cell holds, by either mark of decimals."""
    candidates = decimal_candidates((text or "").strip())
    return next(iter(candidates.values())) if candidates else None


def are_products(rows: Sequence[Row], amount: int, quantity: int, price: int) -> bool:
    """Whether the cells at `amount` are those at `quantity` times those at `price` in nearly all rows that have all three.

    By the mark of decimals that reads most of them: 1,250 kg may be a thousandfold.
    """
    cells = [[decimal_candidates((row[place] or "").strip()) for place in (amount, quantity, price)] for row in rows]
    read = [[[cell[mark] for cell in row] for row in cells if all(mark in cell for cell in row)] for mark in (".", ",")]
    most = max(map(len, read))
    return any(sum(_is_product(*row) for row in numbers) >= 0.95 * most for numbers in read if len(numbers) == most)


def _is_product(amount: float, quantity: float, price: float) -> bool:
    """Whether the amount is the product, as it is rounded on either side."""
    return abs(amount - quantity * price) <= 0.011 * max(1.0, abs(quantity))
