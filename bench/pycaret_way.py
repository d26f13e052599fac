"""PyCaret's way on a file of `segmenter sample`, for an interpreter that has it: it needs older pandas and numpy than ours.

    PYTHON bench/pycaret_way.py EXPORT OUT

The same recency, frequency and money as the tutorial way; `create_model("kmeans")` for K = 2..10, the K with the best
silhouette; an isolation forest for anomalies; a t-SNE of the clusters as its `plot_model` makes it is left out, as it needs a
browser. OUT gets customer, segment and whether odd.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
NAMES = ["order", "time", "customer", "code", "description", "quantity", "price", "country"]


def main(export: str, out: str) -> None:
    """Read, aggregate, model."""
    from pycaret import anomaly, clustering

    lines = pd.read_csv(export, header=0, names=NAMES, parse_dates=["time"], low_memory=False).dropna(
        subset=["customer"]
    )
    lines = lines[~lines.order.astype(str).str.startswith("C") & (lines.quantity > 0) & (lines.price > 0)].copy()
    lines["customer"] = lines.customer.astype(int).astype(str)
    lines["money"] = lines.quantity * lines.price
    now = lines.time.max() + pd.Timedelta(days=1)
    rfm = lines.groupby("customer").agg(last=("time", "max"), frequency=("order", "nunique"), money=("money", "sum"))
    rfm["recency"] = (now - rfm["last"]).dt.days
    rfm = np.log1p(rfm[["recency", "frequency", "money"]])
    clustering.setup(rfm, normalize=True, session_id=42, verbose=False, html=False)
    models = {}
    for k in range(2, 11):
        model = clustering.create_model("kmeans", num_clusters=k, verbose=False)
        models[float(clustering.pull()["Silhouette"].iloc[0])] = model
    labels = clustering.assign_model(models[max(models)], verbose=False)["Cluster"].str.split().str[-1]
    anomaly.setup(rfm, normalize=True, session_id=42, verbose=False, html=False)
    odd = anomaly.assign_model(anomaly.create_model("iforest", verbose=False), verbose=False)["Anomaly"]
    table = {"customer_id": rfm.index, "segment": labels.to_numpy(), "is_anomaly": odd.to_numpy() == 1}
    pd.DataFrame(table).to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
