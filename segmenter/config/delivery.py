"""[delivery]: the ways by which a report reaches people."""

from __future__ import annotations

from segmenter.config.base import Section


class DeliveryConfig(Section):
    """[delivery]: e-mail server, webhooks and folders."""
