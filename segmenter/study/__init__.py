"""Which analysis is given what: a feature table in, findings and the tables of a run out."""

from segmenter.study.compose import Known, Study, study

__all__ = ["Known", "Study", "study"]
