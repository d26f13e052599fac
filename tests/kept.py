"""A run as an archive keeps it, without a report or with what stands for one."""

from segmenter.runs import archive


def kept(run, root, add=lambda aside: None):
    """The folder of `run` below `root`; `add` puts files into it before it is shown."""
    with archive.begun(run, root) as aside:
        add(aside)
        return archive.finish(run, aside)
