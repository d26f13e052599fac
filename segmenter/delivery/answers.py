"""What the answer of a server means for the next attempt."""

from __future__ import annotations

from segmenter.errors import DeliveryError


class RefusedError(DeliveryError):
    """The server refuses for good (5xx): another attempt would be refused again."""


class UnreachedError(DeliveryError):
    """The server could not be reached or asks for patience (4xx): another attempt may succeed.

    `retry_after` are the seconds that it asks for, None where it does not say.
    """

    retry_after: float | None = None


class UnansweredError(UnreachedError):
    """The connection broke after the mail's last line: whether the server took it is not known."""
