"""[source], [rules]: where the transactions come from and how doubtful rows are treated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from segmenter.config.base import Section


class ColumnsConfig(Section):
    """[source.columns]: the export's column for each role; what is not named is recognised."""

    customer: str | None = Field(None, description="who bought")
    time: str | None = Field(None, description="when: a date or a date with a time")
    time_of_day: str | None = Field(None, description="time of day, where `time` is a date alone")
    amount: str | None = Field(None, description="the line's money; or quantity and unit_price")
    quantity: str | None = Field(None, description="pieces on the line")
    unit_price: str | None = Field(None, description="money for one piece")
    order: str | None = Field(None, description="order number; without one, a (customer, day) is an order")
    product: str | None = Field(None, description="product code")
    description: str | None = Field(None, description="product name")
    category: str | None = Field(None, description="country, channel or category")
    status: str | None = Field(
        None,
        description="order status; words for cancelled, never placed or refunded are recognised; `segmenter inspect` names how each is read",
    )
    kind: str | None = Field(
        None,
        description="what a row is, such as an invoice or a payment; `rules.kinds` and `rules.kinds_back` say what counts",
    )
    currency: str | None = Field(None, description="ISO 4217 code of the line's money")
    credit: str | None = Field(
        None,
        description="money that is deducted from the line's `amount`, or replaces it: the credit to a ledger's debit",
    )
    refunded: str | None = Field(
        None, description="money refunded on the line, or on the order if only one of its lines gives it"
    )
    cancelled: str | None = Field(
        None, description="when the order was cancelled, or a mark that it was; empty, 0, no or false where it was not"
    )
    email: str | None = Field(None, description="e-mail address; leaves the program only as its SHA-256")
    ignore: tuple[str, ...] = Field(
        (),
        description="columns that say nothing about money: they are given no role and raise no doubts",
    )


class SourceConfig(Section):
    """[source]: how an export is read."""

    paths: tuple[str, ...] = Field((), description="files, folders, globs or tables, when the command names none")
    columns: ColumnsConfig = ColumnsConfig()
    encoding: str | None = Field(None, description="text encoding, such as cp1250; unset: detected")
    delimiter: str | None = Field(
        None, pattern=r'^[^"\r\n]$', description="one character between fields; unset: detected"
    )
    decimal: Literal[".", ","] | None = Field(None, description="decimal mark; unset: detected")
    date_order: Literal["ymd", "dmy", "mdy"] | None = Field(
        None, description="order of a date's parts; unset: detected, ambiguity is an error"
    )
    sheet: str | None = Field(
        None,
        description="sheet of a workbook, or * for all of the same columns; unset: the one that holds transactions",
    )
    table: str | None = Field(None, description="table of a DuckDB file; unset: the one that holds transactions")

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except LookupError:
                raise ValueError(
                    f'source.encoding = "{value}" is not a text encoding; utf-8, cp1252 and utf-16 are'
                ) from None
        return value


class RulesConfig(Section):
    """[rules]: policies for rows that are not plain sales."""

    missing_customer: Literal["set_aside", "refuse"] = Field(
        "set_aside", description="rows without a customer: count them and go on, or stop"
    )
    missing_customer_warning: float = Field(
        0.2, ge=0, le=1, description="share of rows without a customer above which the report warns"
    )
    guest_ids: tuple[str, ...] = Field(
        (
            "0",
            "guest",
            "gast",
            "anonymous",
            "unknown",
            "walkin",
            "walk-in",
        ),
        description="customer ids that shops use for unknown buyers, in any capitals: such rows name no customer",
    )
    total_ids: tuple[str, ...] = Field(
        ("total", "grand total", "subtotal", "summe", "gesamt", "gesamtsumme"),
        description="words in the place of a customer, in any capitals, for a total of other rows: such rows are set aside, and are nobody's money",
    )
    kinds: tuple[str, ...] = Field(
        (),
        description="words of the column source.columns.kind whose rows count, in any capitals; the others are set aside; unset: all count",
    )
    kinds_back: tuple[str, ...] = Field(
        (),
        description="words of that column for money that went back, such as a credit note: it counts with a minus, whether written with one or not",
    )
    cancellations: Literal["net", "drop", "keep"] = Field(
        "net",
        description="net: match a cancellation to the line it takes back; drop: set every cancellation aside and keep what it cancels; keep: count as returns without matching",
    )
    zero_price: Literal["set_aside", "keep"] = Field(
        "set_aside", description="lines of no money: samples, stock corrections"
    )
    negative_price: Literal["set_aside", "keep"] = Field(
        "set_aside", description="lines of negative price that are no returns: bad debt, adjustments"
    )
    non_product_codes: Literal["set_aside", "keep"] = Field(
        "keep", description="lines whose product code is not a product (postage, fees, manual entries)"
    )
    non_product_pattern: str = Field(
        r"(?i)^(POST|DOT|M|C2|D|S|B|BANK CHARGES|AMAZONFEE|CRUK|PADS|ADJUST2?|TEST\d*|gift_.*)$",
        description="regular expression for product codes that are not products",
    )
    overlap: Literal["count_once", "keep"] = Field(
        "count_once",
        description="rows that several files repeat: count them once, or keep them all; a repetition inside one file stays",
    )
    currency: str | None = Field(
        None, description="the currency to keep where an export holds several; unset: several are refused"
    )
    min_usable_share: float = Field(
        0.5, ge=0, le=1, description="share of rows that must be usable, else the run stops"
    )
    max_unreadable_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="share of rows that cannot be read above which the run stops; three rows or fewer never stop it",
    )
    min_customers: int = Field(10, ge=2, description="customers needed for statistics, else the run stops")
