"""What WeasyPrint leaves out of a PDF's tags: the scope of table headers, the index of their ids, and what a link leads to.

Table numbers are those of ISO 32000-1, the PDF standard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def complete_tags(document: Any, pdf: Any) -> None:
    """Complete the tags of `pdf`, a `pydyf.PDF`, in place; a finisher for `weasyprint.Document.write_pdf`."""
    elements = [each for each in pdf.objects if isinstance(each, dict) and each.get("Type") == "/StructElem"]
    for row in (each for each in elements if each["S"] == "/TR"):
        _scope(row, pdf)
    _index(elements, pdf)
    for box in _linked(document):
        _describe(box)


def _object(pdf: Any, reference: Any) -> Any:
    """The object that a reference such as ``12 0 R`` is to."""
    return pdf.objects[int(reference.split()[0])]


def _scope(row: Any, pdf: Any) -> None:
    """Say what the headers of a row head: the row where it has values, else their columns (table 349)."""
    cells = [_object(pdf, reference) for reference in row["K"]]
    scope = "/Row" if any(cell["S"] == "/TD" for cell in cells) else "/Column"
    for cell in cells:
        if cell["S"] == "/TH":
            cell["A"].setdefault("Scope", scope)


def _index(elements: list[Any], pdf: Any) -> None:
    """Index the elements that have an id, which the root of the tags must do (table 322)."""
    import pydyf

    named = sorted((each["ID"].string, each["ID"], each.reference) for each in elements if "ID" in each)
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    if named and "IDTree" not in root:
        names = pydyf.Array(part for _, key, reference in named for part in (key, reference))
        root["IDTree"] = pydyf.Dictionary({"Names": names})


def _linked(document: Any) -> Iterator[Any]:
    """The boxes that are links."""
    for page in document.pages:
        yield from (box for box in page._page_box.descendants() if box.link_annotation)  # noqa: SLF001


def _describe(box: Any) -> None:
    """Describe a link by its words; WeasyPrint does by its address."""
    import pydyf

    words = " ".join("".join(box.element.itertext()).split())
    if words:
        box.link_annotation["Contents"] = pydyf.String(words)
