"""Who acts: a person or a registered client, with roles inside one organisation and one region."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.domain.errors import Forbidden
from shared.domain.jurisdiction import is_within


class Role(StrEnum):
    """The closed list of roles; a token names one or more."""

    INSTITUTION = "institution"
    DEVICE = "device"
    TEACHER = "teacher"
    TRAINEE = "trainee"
    ASSESSOR = "assessor"
    EXAM_PATROL = "exam_patrol"
    FIRST_REVIEWER = "first_reviewer"
    SECOND_REVIEWER = "second_reviewer"
    APPROVER = "approver"
    INSPECTOR = "inspector"
    FINANCE = "finance"
    AUDITOR = "auditor"
    POLICY_OFFICER = "policy_officer"
    PROVINCE = "province"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    PUBLIC = "public"


_ROLE_NAMES: Final = {
    Role.INSTITUTION: "培训机构",
    Role.DEVICE: "考勤设备",
    Role.TEACHER: "教师",
    Role.TRAINEE: "学员",
    Role.ASSESSOR: "评价机构",
    Role.EXAM_PATROL: "考核巡查人员",
    Role.FIRST_REVIEWER: "初审人员",
    Role.SECOND_REVIEWER: "复核人员",
    Role.APPROVER: "审批人员",
    Role.INSPECTOR: "检查人员",
    Role.FINANCE: "资金拨付人员",
    Role.AUDITOR: "审计人员",
    Role.POLICY_OFFICER: "政策管理员",
    Role.PROVINCE: "省级平台",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
    Role.PUBLIC: "公众",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One authenticated caller.

    `subject` names the person or client and is what four-eyes compares; `organisation` is the tenant (an institution
    id, a body id, or the bureau's code); `region` is a six-digit code whose descendants the actor may see.
    """

    subject: str
    organisation: str
    region: str
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        """Say whether the actor holds any of the roles."""
        return not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Raise Forbidden ROLE_MISSING unless the actor holds one of the roles."""
        if not self.has(*roles):
            needed = "、".join(f"{_ROLE_NAMES[role]}（{role}）" for role in roles)
            raise Forbidden(
                code="ROLE_MISSING",
                message=f"此操作需要角色：{needed}。",
                advice="请使用具备该角色的账号，或联系系统管理员授权。",
            )

    def require_region(self, region: str) -> None:
        """Raise Forbidden REGION_OUT_OF_SCOPE unless the region is the actor's own or lies under it."""
        if not is_within(region, self.region):
            raise region_out_of_scope(region)


def region_out_of_scope(region: str) -> Forbidden:
    """Give the refusal of whatever concerns a region that is not the actor's to act for."""
    return Forbidden(
        code="REGION_OUT_OF_SCOPE",
        message=f"区划 {region} 不在您的管辖范围内。",
        advice="请由该区划的主管部门办理，或联系系统管理员核对账号所属区划。",
        field="region",
        value=region,
    )


SYSTEM = Actor(subject="system", organisation="peibu", region="000000", roles=frozenset())
"""Timers and consumed events act as the system itself."""
