"""What a new system needs before its first class: reference data, sample institutions and everybody's credentials.

Everything goes through the public APIs, as a bureau would enter it. All of it is invented.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from itertools import product
from typing import Any

import httpx

from peibu.demo.party import Credential, Party
from peibu.demo.people import sample_credit_code, sample_people
from peibu.demo.scene import LEVEL, OCCUPATION, RATE_FEN
from shared.domain.actor import Role

REGION = "419001"
BUREAU = "bureau-419001"

Issue = Callable[..., Awaitable[Credential]]
"""`await issue(name=, subject=, organisation=, roles=)` makes a client and gives its credential."""

STAFF: dict[str, tuple[Role, ...]] = {
    "first-reviewer": (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER),
    "second-reviewer": (Role.SECOND_REVIEWER,),
    "approver": (Role.APPROVER,),
    "inspector": (Role.INSPECTOR,),
    "exam-patrol": (Role.EXAM_PATROL,),
    "finance": (Role.FINANCE,),
    "auditor": (Role.AUDITOR,),
    "policy-officer": (Role.POLICY_OFFICER,),
    "system-admin": (Role.SYSTEM_ADMIN,),
}
"""Roles by officer; one may review first and second, though never both in one case."""


async def seed(http: httpx.AsyncClient, issue: Issue, *, year: int) -> dict[str, str]:
    """Enter the reference data and sample parties; give the ids that a story needs, by name."""
    staff = {
        name: Party(http, await issue(name=name, subject=name, organisation=BUREAU, roles=list(roles)))
        for name, roles in STAFF.items()
    }
    await _reference_data(staff, year=year)
    ids = await _institution(http, issue, staff["approver"], year=year)
    bodies = await _bodies(issue, staff["approver"])
    return {**ids, **bodies}


async def _bodies(issue: Issue, approver: Party) -> dict[str, str]:
    ids = {}
    for name, seed_number, client, kinds in (
        ("示例职业技能评价机构", 2, "assessor", ["level", "qualification"]),
        ("示例人社部门考核中心", 3, "bureau-assessor", ["completion"]),
    ):
        body = await approver.post(
            "/assessment/v1/bodies",
            {
                "name": name,
                "credit_code": sample_credit_code(seed_number),
                "region": REGION,
                "certificate_kinds": kinds,
                "occupations": [OCCUPATION],
                "is_bureau": kinds == ["completion"],
            },
            key=f"seed-body-{client}",
        )
        await issue(name=client, subject=client, organisation=body["body_id"], roles=[Role.ASSESSOR])
        ids[client] = str(body["body_id"])
    return {"body_id": ids["assessor"], "bureau_body_id": ids["bureau-assessor"]}


async def _reference_data(staff: dict[str, Party], *, year: int) -> None:
    approver, finance = staff["approver"], staff["finance"]
    first_day = date(year, 1, 1).isoformat()
    await approver.post(
        "/enrollment/v1/occupations",
        {
            "code": OCCUPATION,
            "name": "焊工",
            "region": REGION,
            "certifiable": ["level"],
            "levels": ["5", "4", "3", "2", "1"],
        },
        key="seed-occupation",
    )
    for kind, part in product(("level", "qualification", "completion"), ("theory", "practice")):
        await approver.post(
            "/assessment/v1/pass-marks",
            {
                "region": REGION,
                "occupation": OCCUPATION,
                "level": LEVEL,
                "certificate_kind": kind,
                "part": part,
                "full_mark": 100,
                "pass_mark": 60,
                "valid_from": first_day,
                "source": "示例数据",
            },
            key=f"seed-pass-mark-{kind}-{part}",
        )
    rate: dict[str, Any] = {
        "region": REGION,
        "programme": "training",
        "occupation": OCCUPATION,
        "level": LEVEL,
        "certificate_kind": "level",
        "valid_from": first_day,
        "amount_fen": RATE_FEN,
        "source": "示例标准（文件未载明补贴标准）",
    }
    await finance.post("/payment/v1/rates", rate, key="seed-rate")
    for source in ("skills_action_fund", "employment_subsidy_fund"):
        await finance.post(
            "/payment/v1/budgets",
            {
                "region": REGION,
                "funding_source": source,
                "year": year,
                "amount_fen": 100_000_000_00,
                "document": "示例预算",
            },
            key=f"seed-budget-{source}",
        )


async def _institution(http: httpx.AsyncClient, issue: Issue, approver: Party, *, year: int) -> dict[str, str]:
    answer = await approver.post(
        "/enrollment/v1/institutions",
        {
            "name": INSTITUTION_NAME,
            "credit_code": sample_credit_code(1),
            "kind": "private_school",
            "region": REGION,
            "ownership": "private",
            "liability_incidents": [],
            "annual_inspections": [{"year": year - 1, "passed": True}],
        },
        key="seed-institution",
    )
    institution_id = str(answer["institution_id"])
    await approver.post(
        f"/enrollment/v1/institutions/{institution_id}/directory-entries",
        {
            "valid_from": date(year, 1, 1).isoformat(),
            "valid_to": date(year, 12, 31).isoformat(),
            "occupations": [OCCUPATION],
        },
        key="seed-directory",
    )
    institution = Party(
        http,
        await issue(name="institution", subject="institution", organisation=institution_id, roles=[Role.INSTITUTION]),
    )
    ids = {"institution_id": institution_id, "institution_name": INSTITUTION_NAME}
    ids |= await _teachers_and_venue(institution, institution_id)
    device = await approver.post(
        "/supervision/v1/devices",
        {
            "institution_id": institution_id,
            "serial": "SAMPLE-0001",
            "name": "一号教室考勤机",
            "region": REGION,
            "methods": ["fingerprint", "face"],
        },
        key="seed-device",
    )
    await issue(name="device", subject=device["device_id"], organisation=institution_id, roles=[Role.DEVICE])
    return {**ids, "device_id": device["device_id"]}


async def _teachers_and_venue(institution: Party, institution_id: str) -> dict[str, str]:
    path = f"/enrollment/v1/institutions/{institution_id}"
    teachers = []
    for number, person in zip(range(3), sample_people(999), strict=False):
        answer = await institution.post(
            f"{path}/teachers",
            {
                "name": person.name,
                "identity_number": person.identity_number,
                "specialty": "焊接",
                "qualification": "高级技师",
                "full_time": True,
            },
            key=f"seed-teacher-{number}",
        )
        teachers.append(str(answer["teacher_id"]))
    venue = await institution.post(
        f"{path}/venues",
        {"name": "焊接实训室", "address": "示例路1号", "stations": [{"occupation": OCCUPATION, "count": 10}]},
        key="seed-venue",
    )
    return {"teacher_ids": ",".join(teachers), "venue_id": str(venue["venue_id"])}


INSTITUTION_NAME = "济源示例职业培训学校"
