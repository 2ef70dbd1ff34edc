"""A person's training archive (职业培训电子档案): who may read it, and which documents keep one (HL-DAT-02).

Every service answers the part that it knows itself and records each look; `peibu archive` puts the parts together.
A person is named by `person_id` alone, and signs in under it as subject.
"""

from collections.abc import Iterable
from typing import Final

from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound, Refused
from shared.domain.jurisdiction import is_within
from shared.policy.rulebook import Rulebook

READERS: Final = (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER, Role.AUDITOR, Role.TRAINEE)
"""The bureau that works on a person's classes, who audits it, and the person."""


def may_read_archive(actor: Actor, person_id: str, *, region: str) -> bool:
    """Say whether the actor may read what a class of this region adds to the person's archive.

    People read their own alone, of every region and whatever other role the token names; a bureau what is its region's.
    """
    if actor.has(Role.TRAINEE):
        return actor.subject == person_id
    return not actor.has(Role.INSTITUTION) and is_within(region, actor.region)


def require_archive(books: Iterable[Rulebook]) -> None:
    """Raise Refused FEATURE_OFF when none of the documents that judge these classes keeps archives."""
    if not any(book.enrollment.person_archive for book in books):
        raise Refused(
            code="FEATURE_OFF",
            message="这些班级适用的政策文件没有规定职业培训电子档案，系统未开通。",
            advice="请分别查询班级、出勤、证书和申领；确需建立的，由政策管理员在新版规则册中载明文号与条款。",
            field="person_id",
        )


def no_record() -> NotFound:
    """Give the answer for a person of whom nothing is there, or nothing that the actor may see."""
    return NotFound(
        code="PERSON_NOT_FOUND",
        message="没有此人的记录，或不在您的查看范围内。",
        advice="请核对人员编号 person_id；本人查询须以本人的人员编号登录。",
        field="person_id",
    )
