"""Who acts: a person or a registered client, with roles inside one organisation and one region."""

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.errors import Forbidden


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
            needed = "、".join(roles)
            raise Forbidden(
                code="ROLE_MISSING",
                message=f"此操作需要角色：{needed}。",
                advice="请使用具备该角色的账号，或联系系统管理员授权。",
            )


SYSTEM = Actor(subject="system", organisation="peibu", region="000000", roles=frozenset())
"""Timers and consumed events act as the system itself."""
