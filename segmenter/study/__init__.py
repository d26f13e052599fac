"""Which analysis is given what: a feature table in, findings and the tables of a run out."""

from segmenter.study.compose import Inputs, Study, study
from segmenter.study.population import keep_everybody, population_of

__all__ = ["Inputs", "Study", "keep_everybody", "population_of", "study"]
