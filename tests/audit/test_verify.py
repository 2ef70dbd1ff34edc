"""An altered export is always found; these tests need no database, as the verifier needs none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audit.chain import Anchor, ExportWriter, canonical, genesis, link
from shared.audit.verify import verify


def entry(seq: int) -> dict[str, Any]:
    return {"seq": seq, "actor": f"person-{seq}", "action": "claim.approve", "details": {"行数": seq, "blocked": False}}


def exported(*, sealed: int = 6, unsealed: int = 2, service: str = "payment") -> list[bytes]:
    writer = ExportWriter(service)
    lines, previous = [writer.header()], genesis(service)
    for position in range(1, sealed + 1):
        following = link(position, previous, entry(position * 10))
        lines.append(writer.sealed(entry(position * 10), position=position, previous_hash=previous, hash=following))
        previous = following
    lines += [writer.unsealed(entry(1000 + number)) for number in range(unsealed)]
    return [*lines, writer.footer()]


WHOLE = exported()
RAW = b"".join(WHOLE)


def head_of(lines: list[bytes]) -> Anchor:
    head = verify(lines).head
    assert head is not None
    return head


def changed(line: int, **fields: object) -> list[bytes]:
    """Give the export with fields of one line (from 1) replaced."""
    lines = list(WHOLE)
    lines[line - 1] = canonical({**json.loads(lines[line - 1]), **fields}) + b"\n"
    return lines


def found(lines: list[bytes]) -> tuple[int, str | None]:
    problem = verify(lines).problem
    assert problem is not None
    return problem.line, problem.field


def test_an_untouched_export_is_intact_and_reports_its_unsealed_tail() -> None:
    report = verify(WHOLE)
    assert report.intact
    assert (report.service, report.unsealed) == ("payment", 2)
    assert report.head == Anchor(position=6, hash=json.loads(WHOLE[6])["hash"])


def test_an_empty_log_is_intact() -> None:
    assert verify(exported(sealed=0, unsealed=0)).intact


def test_the_chain_can_be_rebuilt_from_its_description_alone() -> None:
    import hashlib

    first = hashlib.sha256(b'{"format":"peibu.audit.v1","service":"payment"}').hexdigest()
    text = (
        '{"entry":{"action":"claim.approve","actor":"person-10","details":{"\\u884c\\u6570":10,"blocked":false},'
        '"seq":10},"position":1,"previous_hash":"' + first + '"}'
    )
    # Keys are ordered by code point: 行数 (U+884C) stands after every ASCII key.
    text = text.replace('{"\\u884c\\u6570":10,"blocked":false}', '{"blocked":false,"\\u884c\\u6570":10}')
    assert json.loads(WHOLE[1])["hash"] == hashlib.sha256(text.encode()).hexdigest()


@given(position=st.integers(0, len(RAW) - 1), value=st.integers(0, 255))
def test_any_changed_byte_is_found(position: int, value: int) -> None:
    forged = bytearray(RAW)
    forged[position] = value
    assert verify(bytes(forged).splitlines(keepends=True)).intact == (value == RAW[position])


@given(position=st.integers(0, len(RAW)), more=st.binary(min_size=1, max_size=3))
def test_any_inserted_byte_is_found(position: int, more: bytes) -> None:
    forged = RAW[:position] + more + RAW[position:]
    assert not verify(forged.splitlines(keepends=True)).intact


@given(start=st.integers(0, len(RAW) - 1), length=st.integers(1, 400))
def test_any_removed_stretch_is_found(start: int, length: int) -> None:
    forged = RAW[:start] + RAW[start + length :]
    assert not verify(forged.splitlines(keepends=True)).intact


@given(line=st.integers(0, len(WHOLE) - 1))
def test_a_dropped_line_is_found(line: int) -> None:
    assert not verify(WHOLE[:line] + WHOLE[line + 1 :]).intact


@given(line=st.integers(0, len(WHOLE) - 1), place=st.integers(0, len(WHOLE)))
def test_a_repeated_line_is_found(line: int, place: int) -> None:
    assert not verify([*WHOLE[:place], WHOLE[line], *WHOLE[place:]]).intact


@given(pair=st.lists(st.integers(0, len(WHOLE) - 1), min_size=2, max_size=2, unique=True))
def test_two_exchanged_lines_are_found(pair: list[int]) -> None:
    lines = list(WHOLE)
    lines[pair[0]], lines[pair[1]] = lines[pair[1]], lines[pair[0]]
    assert not verify(lines).intact


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (changed(4, entry=entry(31)), (4, "entry")),
        (changed(4, hash="0" * 64), (4, "hash")),
        (changed(4, previous_hash="0" * 64), (4, "previous_hash")),
        (changed(4, position=9), (4, "position")),
        (changed(7, entry=entry(61)), (7, "entry")),
        (changed(7, hash="0" * 64), (7, "hash")),
        (changed(1, service="enrollment"), (1, "service")),
        (changed(1, format="other"), (1, "format")),
        (changed(8, entry=entry(1)), (10, "digest")),
        (changed(10, sealed=7), (10, "sealed")),
        (changed(10, unsealed=0), (10, "unsealed")),
        (changed(10, head="0" * 64), (10, "head")),
        (WHOLE[:3] + WHOLE[4:], (4, "position")),
        (WHOLE[:3] + WHOLE[2:], (4, "position")),
        (WHOLE[:6] + WHOLE[7:], (9, "sealed")),
        (WHOLE[:-1], (9, None)),
        (changed(4, entry=entry(31))[:4], (4, "entry")),
        ([*WHOLE, WHOLE[-1]], (11, None)),
        ([b"\xff\n", *WHOLE], (1, None)),
        ([*WHOLE[:3], WHOLE[3].replace(b":", b": ", 1), *WHOLE[4:]], (4, None)),
        ([*WHOLE[:9], WHOLE[9].replace(b":", b": ", 1)], (10, None)),
        ([*WHOLE[:9], WHOLE[9].replace(b"{", b'{"head":0,', 1)], (10, None)),
        ([*WHOLE[:9], WHOLE[9].rstrip()], (10, None)),
        ([*WHOLE[:3], b"[]\n"], (4, None)),
        ([*WHOLE[:3], WHOLE[8], *WHOLE[4:]], (5, None)),
        ([], (0, None)),
    ],
)
def test_the_first_wrong_line_is_named_with_its_field(lines: list[bytes], where: tuple[int, str | None]) -> None:
    assert found(lines) == where


def test_a_count_that_python_would_call_equal_is_still_another_text() -> None:
    *lines, footer = exported(sealed=1, unsealed=0)
    assert not verify([*lines, footer.replace(b'"sealed":1', b'"sealed":true')]).intact
    assert not verify([*lines, footer.replace(b'"sealed":1', b'"sealed":1.0')]).intact


def test_without_an_anchor_a_whole_rewritten_chain_passes_and_with_one_it_does_not() -> None:
    honest, anchor = WHOLE, head_of(exported(sealed=3, unsealed=0))
    assert verify(honest, anchor=anchor).intact
    writer, previous = ExportWriter("payment"), genesis("payment")
    forged = [writer.header()]
    for position in range(1, 7):
        following = link(position, previous, entry(position))
        forged.append(writer.sealed(entry(position), position=position, previous_hash=previous, hash=following))
        previous = following
    forged.append(writer.footer())
    assert verify(forged).intact
    problem = verify(forged, anchor=anchor).problem
    assert problem is not None
    assert (problem.line, problem.field) == (4, "hash")


def test_a_log_cut_short_before_the_anchor_is_found() -> None:
    shortened = exported(sealed=4, unsealed=0)
    assert verify(shortened).intact
    problem = verify(shortened, anchor=head_of(WHOLE)).problem
    assert problem is not None
    assert "cut short" in problem.text
