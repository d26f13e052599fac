"""A preparation that does nothing, for what needs one."""

from segmenter.analysis.findings import Preparation


def plain(*names):
    """The features `names` as they are."""
    n = len(names)
    zeros, ones, nothing = (0.0,) * n, (1.0,) * n, (None,) * n
    return Preparation(
        names, zeros, nothing, nothing, "none", nothing, zeros, ones, None, (), ("none",) * n, (), (), ones
    )
