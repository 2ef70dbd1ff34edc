"""A workbook is what spreadsheets open: whole XML, texts that stay texts, numbers that stay exact."""

import io
import re
import zipfile
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheet import Cell, Sheet, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CELLS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.integers(-(10**18), 10**18),
    st.decimals(-(10**6), 10**6, places=2),
)


def read(content: bytes) -> list[tuple[str, list[list[Cell]]]]:
    """Read a workbook back: titles and cells in their places, texts as texts and numbers as exact decimals."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}  # noqa: S314
    titles = [sheet.get("name") or "" for sheet in parts["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    sheets = [parts[f"xl/worksheets/sheet{number}.xml"] for number in range(1, len(titles) + 1)]
    return [
        (title, [_row(row) for row in sheet.iter(f"{MAIN}row")]) for title, sheet in zip(titles, sheets, strict=True)
    ]


def _row(row: ElementTree.Element) -> list[Cell]:
    found: list[Cell] = []
    for cell in row.iter(f"{MAIN}c"):
        place = _place(cell.get("r") or "")
        found += [None] * (place - len(found))
        number, text = cell.find(f"{MAIN}v"), cell.find(f"{MAIN}is/{MAIN}t")
        found.append(
            Decimal(number.text or "") if number is not None else (text.text or "") if text is not None else None
        )
    return found


def _place(reference: str) -> int:
    letters = re.sub("[0-9]", "", reference)
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


@given(st.lists(st.lists(CELLS, max_size=30), max_size=5))
def test_every_cell_is_read_back_as_it_was_written(rows: list[list[Cell]]) -> None:
    [(title, found)] = read(workbook([Sheet(title="表", rows=rows)]))
    assert title == "表"
    assert len(found) == len(rows)
    for written, back in zip(rows, found, strict=True):
        for place, cell in enumerate(written):
            read_back = back[place] if place < len(back) else None
            if isinstance(cell, str):
                visible = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", cell)
                assert read_back == re.sub("\r\n?", "\n", visible)
            elif cell is None or abs(cell) < 10**15:
                assert read_back == cell
            else:
                assert read_back == str(cell)


def test_what_somebody_typed_never_becomes_a_formula() -> None:
    content = workbook([Sheet(title="表", rows=[["=1+1", "@SUM(A1)", "<f>1</f>"]])])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert read(content)[0][1] == [["=1+1", "@SUM(A1)", "<f>1</f>"]]


def test_the_same_cells_are_the_same_bytes() -> None:
    sheets = [Sheet(title="甲", rows=[["x", 1]]), Sheet(title="乙", rows=[[Decimal("0.10")]])]
    assert workbook(sheets) == workbook(sheets)
    assert [title for title, _ in read(workbook(sheets))] == ["甲", "乙"]


@pytest.mark.parametrize("titles", [[], ["表", "表"], ["a:b", "A b"], ["x" * 31, "x" * 32]])
def test_titles_that_a_spreadsheet_would_take_for_one_are_refused(titles: list[str]) -> None:
    with pytest.raises(ValueError, match="different titles"):
        workbook([Sheet(title=title, rows=[]) for title in titles])


def test_columns_go_on_after_z() -> None:
    [(_, [row])] = read(workbook([Sheet(title="表", rows=[[str(number) for number in range(703)]])]))
    assert row == [str(number) for number in range(703)]
