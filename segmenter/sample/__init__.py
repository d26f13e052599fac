"""Realistic transactions with planted segments and anomalies, for demonstrations and measurements."""

from segmenter.sample.export import generate
from segmenter.sample.habits import Shape

__all__ = ["Shape", "generate"]
