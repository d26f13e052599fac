"""The header and first rows of an export, from which its columns are recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from segmenter.intake.numbers import decimal_candidates

Row = tuple[str | None, ...]
N_ROWS = 2000  # records in a sample
MARKS = (".", ",")
NEARLY_ALL = 0.95  # of the rows; the others may be rounded or corrected
MIN_PROOFS = 5  # rows of several pieces needed to prove a product
MAX_COUNTEREXAMPLES = 10  # rows after which a product is ruled out


@dataclass(frozen=True)
class Sample:
    """A header with a sample of its rows; `name` is for messages, `ignored` are columns to leave out."""

    header: tuple[str, ...]
    rows: Sequence[Row]
    name: str
    ignored: Collection[str] = ()
    _values: dict[int, list[str]] = field(default_factory=dict, init=False, repr=False)
    _numbers: dict[int, list[dict[str, float]]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """The indices of the columns that are not ignored."""
        return tuple(index for index, name in enumerate(self.header) if name not in self.ignored)

    def values(self, index: int) -> list[str]:
        """The non-empty values of a column; cached, as each role looks at most columns."""
        if index not in self._values:
            cells = (row[index] for row in self.rows)
            self._values[index] = [text for cell in cells if cell and (text := cell.strip())]
        return self._values[index]

    def numbers(self, index: int) -> list[dict[str, float]]:
        """The values of each cell of a column as a number by decimal mark; cached."""
        if index not in self._numbers:
            self._numbers[index] = [decimal_candidates((row[index] or "").strip()) for row in self.rows]
        return self._numbers[index]

    def called(self, index: int) -> str:
        """The name of a column for a message, shortened and in quotes."""
        return repr(self.header[index][:60])


def mostly(values: Sequence[str], test: Callable[[str], object]) -> bool:
    """Whether at least four in five of the values pass the `test`, which is called once per distinct value."""
    return sum(n for value, n in Counter(values).items() if test(value)) >= 0.8 * len(values)


def are_numbers(values: Sequence[str]) -> bool:
    """Whether most of the values are numbers."""
    return mostly(values, decimal_candidates)


def number_in(text: str | None) -> float | None:
    """The number in a cell, with a decimal point if possible, else with a comma; None where it is no number."""
    candidates = decimal_candidates((text or "").strip())
    return next(iter(candidates.values())) if candidates else None


def equals_product(sample: Sample, amount: int, quantity: int, price: int) -> bool | None:
    """Whether `amount` is `quantity` times `price` in nearly all rows that have all three; None where no row has.

    Of the decimal marks, those that make the most rows readable are tried.
    """
    cells = list(zip(*map(sample.numbers, (amount, quantity, price)), strict=True))
    read = [[[cell[mark] for cell in row] for row in cells if all(mark in cell for cell in row)] for mark in MARKS]
    most = max(map(len, read))
    agree = any(sum(_is_product(*row) for row in each) >= NEARLY_ALL * most for each in read if len(each) == most)
    return agree if most else None


def proves_product(sample: Sample, amount: int, quantity: int, price: int) -> bool:
    """Whether the rows with several pieces prove the column `amount` to be `quantity` times `price`.

    Rows of one piece or of no money prove nothing: many columns are 0 in all but a few rows.
    """
    cells = [sample.numbers(column) for column in (amount, quantity, price)]
    return any(_prove(zip(*cells, strict=True), mark) for mark in MARKS)


def _prove(rows: Iterable[tuple[dict[str, float], ...]], mark: str) -> bool:
    """Whether the rows prove the product; stops after a few counterexamples, as most pairs of columns are no factors."""
    proving = against = 0
    for amount, quantity, price in rows:
        if amount.get(mark) and abs(quantity.get(mark, 0)) >= 2 and mark in price:
            proving += 1
            against += not _is_product(amount[mark], quantity[mark], price[mark])
            if against > MAX_COUNTEREXAMPLES:
                return False
    return proving >= MIN_PROOFS and against <= (1 - NEARLY_ALL) * proving


def _is_product(amount: float, quantity: float, price: float) -> bool:
    """Whether the amount is the product, up to rounding."""
    return abs(amount - quantity * price) <= 0.011 * max(1.0, abs(quantity))
