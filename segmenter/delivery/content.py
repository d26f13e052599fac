"""What a message says: the run in brief, its alerts, or the paragraphs of a notice; and the files that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segmenter.config.report import ReportConfig
from segmenter.delivery.outbox import Message
from segmenter.errors import RunError
from segmenter.report.brief import Brief, brief
from segmenter.report.templating import fill
from segmenter.runs.archive import read

FILES = {
    "html": ("report.html",), "pdf": ("report.pdf",), "csv": ("customers.csv", "segments.csv", "anomalies.csv"), "xlsx": ("report.xlsx",),
    "parquet": ("customers.parquet",),
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """A message ready for any channel: subject, paragraphs of plain text, an HTML page, and files that exist."""

    subject: str
    text: tuple[str, ...]
    html: str
    files: tuple[Path, ...]
    brief: Brief | None = None


def content(message: Message, archive: Path, config: ReportConfig) -> Content:
    """The content of `message`.

    Raises
    ------
    RunError
        The run that it is about is gone or damaged.
    ReportError
        A template of the team's own is broken.
    """
    if message.run_id is None:
        page = fill("mail_notice.html", config.templates, title=message.title, text=message.text, accent=config.accent)
        return Content(message.title, message.text, page, ())
    folder = archive / message.run_id
    known = brief(read(folder), config)
    files = tuple(folder / name for kind in message.formats for name in FILES[kind] if (folder / name).is_file())
    if message.kind == "alerts":
        return _alerts(message, folder, known, files)
    html = fill("mail_report.html", config.templates, brief=known, opening=message.text)
    return Content(f"{known.title}, {known.date}", (*message.text, *_plain(known)), html, files, known)


def _alerts(message: Message, folder: Path, known: Brief, files: tuple[Path, ...]) -> Content:
    page = folder / "alerts.html"
    try:
        html = page.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{page} cannot be read: {error.strerror}. Run again, or restore the folder.") from None
    return Content(
        f"Odd customers, {known.date}", (*message.text, *known.changed, *known.sentences), html, files, known
    )


def _plain(known: Brief) -> tuple[str, ...]:
    """The run in brief as paragraphs."""
    changed = (f"Since last time: {' '.join(known.changed)}",) if known.changed else ()
    todo = tuple(f"{number}. {each.name}: {each.text} ({each.money})" for number, each in enumerate(known.actions, 1))
    figures = ", ".join(f"{each.value} {each.label}" for each in known.stats)
    return (" ".join(known.sentences), *changed, *(("What to do:", *todo) if todo else ()), figures)
