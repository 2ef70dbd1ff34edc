"""Doubts and objections stop lines or claims until somebody decides, and what becomes of the people's slots."""

import pytest

from services.payment.application.resolve_objection import resolve_objection
from services.payment.domain.state import Act, State
from shared.contracts.payment import (
    ClaimApproved,
    EntitlementReserved,
    NoticePublished,
    ObjectionRaised,
    ObjectionResolved,
)
from shared.contracts.supervision import FindingClosed, FindingRaised
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, Refused
from tests.payment.office import APPROVER, FIRST, INSPECTOR, YUAN, Office, approved, person
from tests.payment.receiving import only


async def test_an_open_doubt_stops_review_and_approval_until_it_is_closed(received_office: Office) -> None:
    claim = await only(received_office)
    doubt = FindingRaised(
        class_id="class-1",
        finding_id="f1",
        check="theory_video",
        rule="JY-SUP-02",
        clause="二(三)2",
        blocking=True,
        seen="缺 60 秒",
    )
    await received_office.take(doubt)

    with pytest.raises(Refused, match="FINDING_OPEN"):
        await received_office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    await received_office.take(
        FindingClosed(
            class_id="class-1", finding_id="f1", conclusion="waived", closed_by="inspector-1", reason="断电记录"
        )
    )
    assert (await received_office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)).state is State.FIRST_REVIEW


async def test_an_objected_line_is_left_out_and_the_rest_is_approved(received_office: Office) -> None:
    claim = await only(received_office)

    approval = await received_office.approve(claim.claim_id, objected=[3])

    assert sum(approval.decided.values()) == 13_500 * YUAN
    assert 3 not in approval.decided
    [event] = await received_office.events(ObjectionRaised)
    assert event["persons"] == ["p3"]
    [row] = await received_office.rows("SELECT content_sealed FROM objection")
    assert "外地".encode() not in bytes(row.content_sealed)


async def test_a_dismissed_objection_is_paid_as_a_supplement_without_a_second_notice(received_office: Office) -> None:
    claim = await only(received_office)
    approval = await received_office.approve(claim.claim_id, objected=[3])
    objection = approval.objections[0].objection_id

    await received_office.act(
        INSPECTOR, resolve_objection, objection_id=objection, upheld=False, finding="签到与视频一致"
    )
    supplement = await received_office.claim(claim.claim_id)
    assert (supplement.state, supplement.round, supplement.difference) == (State.SUBMITTED, 2, {3: 1_500 * YUAN})
    await received_office.review_twice(claim.claim_id)
    done = await received_office.review(claim.claim_id, Act.APPROVE, APPROVER)

    assert (done.state, sum(done.decided.values())) == (State.APPROVED, 15_000 * YUAN)
    assert [(event["entry"], event["amount_fen"]) for event in await received_office.events(ClaimApproved)] == [
        (1, 13_500 * YUAN),
        (2, 1_500 * YUAN),
    ]
    assert len(await received_office.events(NoticePublished)) == 1
    [resolved] = await received_office.events(ObjectionResolved)
    assert (resolved["upheld"], resolved["persons"]) == (False, ["p3"])


async def test_an_upheld_objection_is_never_paid_and_frees_the_persons_entitlement(received_office: Office) -> None:
    claim = await only(received_office)
    approval = await received_office.approve(claim.claim_id, objected=[3])
    objection = approval.objections[0].objection_id

    await received_office.act(
        INSPECTOR, resolve_objection, objection_id=objection, upheld=True, finding="查实未参加培训"
    )

    after = await received_office.claim(claim.claim_id)
    assert (after.state, after.difference) == (State.APPROVED, {})
    await received_office.take(approved("class-2", ["p2", "p3"]))
    assert [event["granted"] for event in await received_office.events(EntitlementReserved, class_id="class-2")] == [
        ["p3"]
    ]


async def test_an_objection_dismissed_before_approval_is_approved_with_the_rest(received_office: Office) -> None:
    claim = await only(received_office)
    await received_office.review_twice(claim.claim_id)
    notice = await received_office.publish(claim.claim_id)
    objection = await received_office.object_to(notice.notice_id, 3)
    await received_office.end_notice(claim.claim_id)
    await received_office.act(
        INSPECTOR, resolve_objection, objection_id=objection.objection_id, upheld=False, finding="签到与视频一致"
    )

    approval = await received_office.review(claim.claim_id, Act.APPROVE, APPROVER)
    assert sum(approval.decided.values()) == 15_000 * YUAN


async def test_nobody_who_reviewed_the_claim_decides_an_objection_to_it(received_office: Office) -> None:
    claim = await only(received_office)
    approval = await received_office.approve(claim.claim_id, objected=[3])
    first_and_inspector = person("first-1", Role.FIRST_REVIEWER, Role.INSPECTOR)

    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await received_office.act(
            first_and_inspector,
            resolve_objection,
            objection_id=approval.objections[0].objection_id,
            upheld=False,
            finding="x",
        )
