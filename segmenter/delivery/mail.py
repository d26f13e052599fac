"""A message as e-mail: an HTML body, its text alternative, and attachments within a size budget."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery.content import Content, content
from segmenter.delivery.outbox import Message

if TYPE_CHECKING:
    from segmenter.report.language import Voice

SUBJECT_LENGTH = 150
SEVEN_BIT = SMTP.clone(cte_type="7bit")  # accepted by every server


def preview(message: Message, archive: Path, config: DeliveryConfig, report: ReportConfig) -> bytes:
    """The mail that would be sent, as the bytes of an .eml file.

    Raises
    ------
    SegmenterError
        The run is gone or damaged, or a template is broken.
    """
    return compose(message, content(message, archive, report), config, datetime.now(UTC)).as_bytes()


def compose(message: Message, what: Content, config: DeliveryConfig, now: datetime) -> EmailMessage:
    """The mail to `message.recipient`; every attempt has the same Message-ID."""
    mail = EmailMessage(policy=SEVEN_BIT)
    sender = config.sender or "segmenter@localhost"
    mail["Subject"] = one_line(what.subject)[:SUBJECT_LENGTH]
    mail["From"] = Address(display_name=one_line(what.company) or "segmenter", addr_spec=sender)
    mail["To"] = Address(addr_spec=message.recipient)
    if config.reply_to:
        mail["Reply-To"] = Address(addr_spec=config.reply_to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{config.unsubscribe or f'mailto:{config.reply_to or sender}?subject=unsubscribe'}>"
    attached, left_out = _split_by_size(what.files, int(config.attachment_mib * 2**20))
    notes = _notes(left_out, config.attachment_mib, what.voice)
    mail.set_content("\n\n".join((*what.text, *notes)) + "\n")
    mail.add_alternative(what.html.replace("<!-- files -->", _paragraphs(notes)), subtype="html")
    for path in attached:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        mail.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    return mail


def one_line(text: str) -> str:
    """`text` as a header may carry it: without line breaks and other control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _split_by_size(files: tuple[Path, ...], budget: int) -> tuple[list[Path], list[Path]]:
    """The files that fit into `budget` bytes, taken in order, and those that do not."""
    attached: list[Path] = []
    left_out: list[Path] = []
    for path in files:
        room = budget - sum(map(_sent_size, attached))
        (attached if _sent_size(path) <= room else left_out).append(path)
    return attached, left_out


def _sent_size(path: Path) -> int:
    """Bytes that a file takes in a mail: base64 in lines of 76 characters."""
    encoded = -(-path.stat().st_size // 3) * 4
    return encoded + -(-encoded // 76) * 2


def _notes(left_out: list[Path], budget: float, voice: Voice) -> tuple[str, ...]:
    if not left_out:
        return ()
    sizes = [f"{path.name} ({voice.number(_sent_size(path) / 2**20, 1)} MiB)" for path in left_out]
    note = voice(
        "These files did not fit into a mail of {budget} MiB: {files}. They are in the run {run}.",
        budget=voice.number(budget, 0 if budget == int(budget) else 1),
        files=", ".join(sizes),
        run=left_out[0].parent.name,
    )
    return (note,)


def _paragraphs(notes: tuple[str, ...]) -> str:
    from markupsafe import escape

    return "".join(f'<p style="color:#5c6773">{escape(note)}</p>' for note in notes)
