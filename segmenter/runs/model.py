"""A run's model as plain numbers: enough to put customers into its segments without refitting."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from segmenter.analysis.findings import Preparation
from segmenter.analysis.kmeans import assign
from segmenter.analysis.preparation import apply
from segmenter.analysis.types import Floats, Ints
from segmenter.errors import DataError, RunError
from segmenter.features.types import FeatureTable
from segmenter.runs.types import Model

VERSION = 2
POWER = "yeo-johnson"
TRANSFORMS = {"none", "log1p", POWER}


def write_model(model: Model, path: Path) -> None:
    """Write `model` with its version and checksum."""
    import pydantic_core

    body = pydantic_core.to_jsonable_python(model, inf_nan_mode="strings")
    path.write_text(
        json.dumps({"version": VERSION, "sha256": _checksum(body), "model": body}, indent=1), encoding="utf-8"
    )


def _checksum(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def read_model(path: Path) -> Model:
    """The model in a run's model.json.

    Raises
    ------
    RunError
        The file is missing, changed, of another version, or its numbers cannot be a model.
    """
    from pydantic import TypeAdapter

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION or document["sha256"] != _checksum(document["model"]):
            raise ValueError("its version or checksum is not what it should be")
        model = TypeAdapter(Model).validate_python(document["model"])
        _check(model)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n", 1)[0]
        raise RunError(
            f"{path} is not a usable model ({reason}). Restore the folder from a copy, or use another run's model; if it is "
            "the accepted one, `segmenter runs accept RUN` puts another in its place."
        ) from None
    return model


def _check(model: Model) -> None:
    """Raise ValueError for numbers that do not form a model, though one could compute with them."""
    centroids = np.array(model.centroids, dtype=float)
    _check_preparation(model.preparation)
    width = len(model.preparation.components or model.preparation.names)
    if centroids.ndim != 2 or centroids.shape[1] != width or len(centroids) != len(model.names):
        raise ValueError("its centroids do not fit its features")
    if not len(set(model.numbers)) == len(model.numbers) == len(centroids) or max(model.numbers) >= model.next_number:
        raise ValueError("its segments are not numbered one by one")
    if not np.isfinite(centroids).all():
        raise ValueError("it holds numbers that are not finite")


def _check_preparation(known: Preparation) -> None:
    n = len(known.names)
    each = (known.fill, known.lower, known.upper, known.lambdas, known.center, known.scale, known.transforms)
    rows = (*(known.components or ()), *known.donors, known.units)
    if {len(part) for part in (*each, *rows)} != {n}:
        raise ValueError("its preparation does not fit its features")
    edges = [number for number in (*known.lower, *known.upper, *known.lambdas) if number is not None]
    if not all(np.isfinite(part).all() for part in (known.fill, known.center, known.scale, edges, *rows)):
        raise ValueError("it holds numbers that are not finite")
    if any(scale <= 0 for scale in (*known.scale, *known.units)):
        raise ValueError("it divides by a scale that is not positive")
    if any(
        (how not in TRANSFORMS) or (how == POWER and power is None)
        for how, power in zip(known.transforms, known.lambdas, strict=True)
    ):
        raise ValueError("it names an unknown transform")


def place(model: Model, table: FeatureTable) -> tuple[Ints, Floats]:
    """Position of the nearest centroid (n,) and the customers' matrix (n, d) in the model's prepared units.

    Raises
    ------
    DataError
        The table lacks a feature that the model uses.
    """
    missing = [name for name in model.preparation.names if name not in table.names]
    if missing:
        raise DataError(f"The model needs the features {', '.join(missing)}, which this export does not give.")
    values = np.column_stack([table.column(name) for name in model.preparation.names])
    matrix = apply(model.preparation, values)
    return assign(matrix, np.array(model.centroids)), matrix


def place_again(model: Model, customers: pd.DataFrame) -> Ints:
    """Position of the nearest centroid (n,) for the rows of a run's customers.parquet.

    Raises
    ------
    DataError
        That run lacks a feature that the model uses.
    """
    missing = [name for name in model.preparation.names if name not in customers]
    if missing:
        raise DataError(f"The model needs the features {', '.join(missing)}, which the other run does not have.")
    values = customers[list(model.preparation.names)].to_numpy(dtype=np.float64, na_value=np.nan)
    return assign(apply(model.preparation, values), np.array(model.centroids))


def number_again(model: Model, customers: pd.DataFrame) -> Ints:
    """Number of the segment (n,) in which `model` puts the rows of a run's customers.parquet.

    Raises
    ------
    DataError
        That run lacks a feature that the model uses.
    """
    return np.array(model.numbers)[place_again(model, customers)]
