"""Play a case file through the public APIs, as the parties would, and say how what came of it differs."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice, product
from types import ModuleType
from typing import Any, Final, Protocol, get_args

from peibu.demo.party import Json, Party, StoryBroken
from peibu.demo.people import sample_credit_code, sample_people
from peibu.demo.scene import Cast, moment
from peibu.trial.outcome import Outcome, differences
from peibu.trial.parts import Part, parts_of
from shared.contracts.assessment import CertificateKind
from shared.domain.actor import Role
from shared.policy.case_file import Case, People, fen_of
from shared.policy.rulebook import Rulebook
from tests.cases.casting import Casting
from tests.cases.claiming import PaidStory
from tests.cases.common_clock import CommonClock
from tests.cases.paying import Came
from tests.cases.refusing import Refused, Refusing, Switch

LEAD: Final = timedelta(days=14)
"""Everything is registered so long before the first class opens, and applied for."""
RUN_UP: Final = timedelta(days=4)
"""A class that was over before the case's own opened begins so long before its certificates."""
TEACHERS: Final = 3
BUDGET_FEN: Final = 100_000_000_00
SCHOOL: Final = "private_school"
ENTERPRISE: Final = "enterprise"
AGENCY: Final = "dispatch_agency"


class Admit(Protocol):
    """Lets somebody sign in who takes part in one case only."""

    def __call__(self, client: str, organisation: str, role: Role = Role.ASSESSOR) -> Awaitable[Party]:
        """Give them as they speak."""


class CaseStory:
    """One case: who takes part, what the region has registered, and its classes one by one.

    `cast` and what `register` enters are there once the story plays; `fund` pays for everything.
    """

    cast: Cast

    def __init__(
        self,
        case: Case,
        book: Rulebook,
        casting: Casting,
        *,
        seed: int,
        clock: CommonClock,
        paperwork: ModuleType | None = None,
    ) -> None:
        self.case, self.book, self.casting, self.seed, self.clock = case, book, casting, seed, clock
        self._paperwork = paperwork
        self.refusing = Refusing(document=book.document)
        self.parts: tuple[Part, ...] = parts_of(case, book)
        self.openings = openings_of(case, self.parts, book)
        self.people = dict(zip(case.people, sample_people(seed), strict=False))
        self.fund = fund_of(self.parts, book)
        self.enterprise: Party | None = None
        self.agency: Party | None = None
        self.moved_fen = 0
        """What the bank moved for it, less what came back."""
        self.agency_name = f"示例派遣公司{case.case}"
        self.agency_code = sample_credit_code(6_000 + seed)
        self.enterprise_name = f"示例企业{case.case}"
        self._venue_ids: list[str] = []
        self._learners: dict[str, Party] = {}

    # ------------------------------------------------------------------------------------------ what is known of it

    @property
    def name(self) -> str:
        """Give the case's name as keys and clients may bear it."""
        return re.sub(r"[^A-Za-z0-9-]+", "-", self.case.case)

    def key(self, name: str) -> str:
        """Give idempotency keys of this case's own."""
        return f"{self.name}-story-{self.seed}-{name}"

    @property
    def begins(self) -> date:
        """Give the day on which everything is registered."""
        published = [day for _, day in self.occupations if day is not None]
        return max(min(self.openings) - LEAD, self.book.valid_from, *published)

    @property
    def occupation(self) -> str:
        """Give the code of the case's own occupation, the first of its classes'."""
        return self.code_of(self.parts[0].case.occupation, self.parts[0].case.new_occupation_published)

    @property
    def occupations(self) -> Mapping[tuple[str | None, date | None], str]:
        """Give a code for each occupation of the case, by its name and the day on which a list named it as new."""
        subjects = [(part.case.occupation, part.case.new_occupation_published) for part in self.parts]
        return {each: f"6-{18 + n}-02-{self.seed}" for n, each in enumerate(dict.fromkeys(subjects))}

    def code_of(self, occupation: str | None, published: date | None) -> str:
        """Give the code by which the services know an occupation of the case."""
        return self.occupations[occupation, published]

    @property
    def trains_its_own(self) -> bool:
        """Say whether an enterprise gives the classes, for its own people."""
        case = self.case
        says = getattr(self._paperwork, "trains_its_own", None)
        own = case.provider == ENTERPRISE or case.enterprise is not None or case.hirer is not None
        return own or (says is not None and bool(says(case)))

    @property
    def employer_code(self) -> str:
        """Give the credit code of the enterprise where people work, nothing where the case names none."""
        return sample_credit_code(5_000 + self.seed) if self.trains_its_own or self.case.funder else ""

    @property
    def body_name(self) -> str:
        """Give the name of the assessment body."""
        return f"assessor-{self.name}"

    async def learner(self, person: str) -> Party:
        """Give one person as they sign in themselves."""
        if person not in self._learners:
            client = f"learner-{self.name}-{person}"
            self._learners[person] = await self.admit(client, client, Role.TRAINEE)
        return self._learners[person]

    async def admit(self, client: str, organisation: str, role: Role = Role.ASSESSOR) -> Party:
        """Let somebody of this case sign in."""
        return await self.casting.admit(client, organisation, role, region=self.case.region)

    # -------------------------------------------------------------------------------------- what only a document asks

    def application_of(self, part: Part) -> Json:
        """Give what the document's own paperwork adds to the application of a class."""
        asked: Json = self._asked("application_of", part)
        return asked

    def row_of(self, part: Part, people: People) -> Json:
        """Give what it adds to the rows of these people."""
        asked: Json = self._asked("row_of", part, people)
        return asked

    def unprepared(self, part: Part) -> Sequence[Refused]:
        """Give what refuses an application before the paperwork is done."""
        return self._asked("unprepared", part) or ()

    def wrong_rows(self, part: Part) -> Sequence[tuple[Json, Refused]]:
        """Give by what a row may be wrong, and what then refuses it."""
        return self._asked("wrong_rows", part) or ()

    @property
    def wrong_accounts(self) -> Mapping[str, Refused]:
        """Give the kinds of account to which the document does not pay, and what refuses them."""
        return getattr(self._paperwork, "WRONG_ACCOUNTS", {})

    @property
    def switches(self) -> Sequence[Switch]:
        """Give what the document leaves off."""
        return getattr(self._paperwork, "OFF", ())

    def _asked(self, name: str, *subject: object) -> Any:
        asked: Callable[..., Any] | None = getattr(self._paperwork, name, None)
        return {} if asked is None else asked(self, *subject)

    # ---------------------------------------------------------------------------------------------------- the playing

    async def play(self) -> list[str]:
        """Play every class of the case and give what differs from the file; nothing when the list is empty."""
        joined = 1
        try:
            await self.move_clock(moment(self.begins, time(8, 0)))
            self.cast = await self._register()
            stories = [PaidStory(self, part, number=n, opening=self.openings[n]) for n, part in enumerate(self.parts)]
            await stories[0].try_unprepared()
            if (prepare := getattr(self._paperwork, "prepare", None)) is not None:
                await prepare(self, self.admit)
            self.clock.join(len(self.parts) - 1)
            joined = len(self.parts)
            came = await asyncio.gather(*(self._played(story) for story in stories))
            joined = 0
        except StoryBroken as broken:
            return [str(broken)]
        finally:
            for _ in range(joined):
                await self.clock.leave(self._move)
        return self._differences(came)

    async def _played(self, story: PaidStory) -> Came:
        cancelled = any(refusal.rule == "JY-SUP-04" and not refusal.persons for refusal in self.case.expect.refusal)
        try:
            return await story.play(cancelled=cancelled)
        finally:
            await self.clock.leave(self._move)

    def _differences(self, came: list[Came]) -> list[str]:
        if broken := [each for one in came for each in one.broken]:
            return broken
        advance_fen, term = sum(one.advance_fen for one in came), self.book.payment.advance
        outcome = Outcome(
            case=self.case.case,
            rulebook_id=self.book.id,
            lines=tuple(line for one in came for line in one.lines),
            refusals=tuple(refusal for one in came for refusal in one.refusals),
            flags=tuple(flag for one in came for flag in one.flags),
            dates={event: day for one in came for event, day in one.dates.items()},
            advance_fen=advance_fen,
            advanced=term.programmes if advance_fen and term else (),
        )
        moved = self.moved_fen = advance_fen + sum(one.by_bank_fen for one in came)
        unpaid = [] if moved == outcome.total_fen else [f"{outcome.total_fen} fen are due, {moved} were paid"]
        return [*differences(self.case, outcome), *unpaid]

    # --------------------------------------------------------------------------------------------------- registered

    async def move_clock(self, instant: datetime) -> None:
        """Wait until every case has come so far."""
        await self.clock.reach(instant, self._move)

    async def _move(self, to: datetime) -> None:
        admin = self.casting.system_admin
        await admin.post("/clock/v1/move", {"to": to.isoformat()}, key=self.key(f"clock-{to.isoformat()}"))

    async def _register(self) -> Cast:
        """Register what is this case's own: occupations, institution, bodies with pass marks, rates, the budget."""
        staff = await self.casting.staff(self.case.region)
        approver = staff["approver"]
        for (name, published), code in self.occupations.items():
            occupation = {"code": code, "name": f"{name}{self.case.case}", "region": self.case.region}
            occupation |= {"new_since": published.isoformat()} if published else {}
            levels = sorted({part.case.level for part in self.parts if part.case.level})
            certifiable = list(self.case.certifiable)
            await approver.post(
                "/enrollment/v1/occupations",
                {**occupation, "levels": levels, "certifiable": certifiable},
                key=self.key(f"occupation-{code}"),
            )
        given = await self._institution(approver)
        institution, device = given["institution"], given["device"]
        body_id, assessor = await self._body(approver, is_bureau=False)
        bureau_body_id, bureau_assessor = await self._body(approver, is_bureau=True)
        await self._pass_marks(approver)
        await self._rates_and_budget(staff["finance"])
        await self._import_history(staff["policy_officer"])
        return Cast(
            first_reviewer=staff["first_reviewer"],
            second_reviewer=staff["second_reviewer"],
            approver=approver,
            inspector=staff["inspector"],
            exam_patrol=staff["exam_patrol"],
            finance=staff["finance"],
            auditor=staff["auditor"],
            institution=institution,
            device=device,
            assessor=assessor,
            bureau_assessor=bureau_assessor,
            system_admin=self.casting.system_admin,
            public=self.casting.public,
            body_id=body_id,
            bureau_body_id=bureau_body_id,
            **given["ids"],
        )

    async def _import_history(self, policy_officer: Party) -> None:
        """What people had before or elsewhere is imported from where it is known."""
        codes = {name: code for (name, _), code in self.occupations.items()}
        rows = [
            {
                "identity_number": self.people[person].identity_number,
                "programme": had.programme,
                "occupation": codes.get(had.occupation, had.occupation),
                "level": had.level,
                "had_on": f"{had.year}-06-30",
                "source": "省平台导出",
            }
            for had in self.case.history
            for person in had.persons
        ]
        if rows:
            await policy_officer.post("/payment/v1/past-subsidies", {"subsidies": rows}, key=self.key("history"))

    async def _institution(self, approver: Party) -> dict[str, Any]:
        kind = ENTERPRISE if self.trains_its_own else getattr(self._paperwork, "SCHOOL", SCHOOL)
        name = self.enterprise_name if self.trains_its_own else f"示例培训学校{self.case.case}"
        code = self.employer_code if self.trains_its_own else sample_credit_code(4_000 + self.seed)
        institution_id, institution = await self._registered(approver, name, kind, code)
        if not self.trains_its_own and self.employer_code:
            _, self.enterprise = await self._registered(approver, self.enterprise_name, ENTERPRISE, self.employer_code)
        if any(payee.kind == "agency" for payee in self.case.payee):
            _, self.agency = await self._registered(approver, self.agency_name, AGENCY, self.agency_code)
        path = f"/enrollment/v1/institutions/{institution_id}"
        directory = self.book.enrollment.directory
        if directory is not None and kind in (directory.institution_kinds or (kind,)):
            await approver.post(
                f"{path}/directory-entries",
                {"valid_from": self.book.valid_from.isoformat(), "occupations": list(self.occupations.values())},
                key=self.key("directory"),
            )
        methods = self.book.supervision.sign_in.methods if self.book.supervision.sign_in else ()
        device = await approver.post(
            "/supervision/v1/devices",
            {
                "institution_id": institution_id,
                "serial": f"CASE-{self.seed}",
                "name": "考勤机",
                "region": self.case.region,
                "methods": [methods[0].code],
            },
            key=self.key("device"),
        )
        return {
            "institution": institution,
            "device": await self.admit(device["device_id"], institution_id, Role.DEVICE),
            "ids": {
                "institution_id": institution_id,
                "institution_name": name,
                "device_id": device["device_id"],
                **await self._teachers_and_room(institution, path),
            },
        }

    async def _registered(self, approver: Party, name: str, kind: str, code: str) -> tuple[str, Party]:
        answer = await approver.post(
            "/enrollment/v1/institutions",
            {
                "name": name,
                "credit_code": code,
                "kind": kind,
                "region": self.case.region,
                "ownership": "private",
                "liability_incidents": [],
                "annual_inspections": [{"year": self.case.opened.year - 1, "passed": True}],
            },
            key=self.key(f"institution-{kind}"),
        )
        institution_id = str(answer["institution_id"])
        return institution_id, await self.admit(f"{kind}-{self.name}", institution_id, Role.INSTITUTION)

    async def _teachers_and_room(self, institution: Party, path: str) -> dict[str, Any]:
        qualified = {"specialty": "焊接", "qualification": "高级技师", "full_time": True}
        teachers = [
            await institution.post(
                f"{path}/teachers",
                {"name": person.name, "identity_number": person.identity_number, **qualified},
                key=self.key(f"teacher-{number}"),
            )
            for number, person in enumerate(islice(sample_people(self.seed + 500), max(TEACHERS, len(self.parts))))
        ]
        stations = [{"occupation": code, "count": 20} for code in self.occupations.values()]
        for number in range(len(self.parts)):
            room = {"name": f"{self.case.case}-{number}", "address": "示例路1号", "stations": stations}
            venue = await institution.post(f"{path}/venues", room, key=self.key(f"venue-{number}"))
            self._venue_ids.append(venue["venue_id"])
        return {
            "teacher_ids": tuple(teacher["teacher_id"] for teacher in teachers),
            "venue_id": self._venue_ids[0],
        }

    def cast_of(self, number: int) -> Cast:
        """Give who takes part in one class: classes of the same days share neither teacher nor room."""
        teacher_ids = self.cast.teacher_ids[number :: len(self.parts)]
        return replace(self.cast, teacher_ids=teacher_ids, venue_id=self._venue_ids[number])

    async def _body(self, approver: Party, *, is_bureau: bool) -> tuple[str, Party]:
        name = f"{self.body_name}-bureau" if is_bureau else self.body_name
        kinds = ["completion"] if is_bureau else [kind for kind in get_args(CertificateKind) if kind != "completion"]
        if self.book.assessment.completion_organiser is None and not is_bureau:
            kinds.append("completion")
        body = await approver.post(
            "/assessment/v1/bodies",
            {
                "name": name,
                "credit_code": sample_credit_code(2 * self.seed + is_bureau),
                "region": self.case.region,
                "certificate_kinds": kinds,
                "occupations": list(self.occupations.values()),
                "is_bureau": is_bureau,
                **({"kind": terms.kinds[0].code} if (terms := self.book.assessment.body_kinds) else {}),
            },
            key=self.key(name),
        )
        return body["body_id"], await self.admit(name, body["body_id"])

    async def _pass_marks(self, approver: Party) -> None:
        wanted = {
            (self.code_of(part.case.occupation, part.case.new_occupation_published), kind, part.case.level)
            for part in self.parts
            for kind in {*self.case.certifiable, *(row.kind for row in part.case.certificate)}
        }
        for (occupation, kind, level), part in product(sorted(wanted, key=str), ("theory", "practice")):
            mark = {"region": self.case.region, "occupation": occupation, "level": level, "part": part}
            limits = {"full_mark": 100, "pass_mark": 60, "valid_from": self.book.valid_from.isoformat()}
            await approver.post(
                "/assessment/v1/pass-marks",
                {**mark, **limits, "certificate_kind": kind, "source": "test"},
                key=self.key(f"mark-{occupation}-{kind}-{level}-{part}"),
            )

    async def _rates_and_budget(self, finance: Party) -> None:
        region, first_day = self.case.region, self.book.valid_from
        for (number, rate), occupation in product(enumerate(self.case.rate), self.occupations.values()):
            row = {
                "region": region,
                "programme": rate.programme,
                "occupation": occupation,
                "level": rate.level,
                "certificate_kind": rate.certificate,
                "valid_from": first_day.isoformat(),
                "amount_fen": fen_of(rate.amount_yuan),
                "source": rate.source,
                "unit": rate.unit if "living_allowance" in rate.programme else "each",
            }
            await finance.post("/payment/v1/rates", row, key=self.key(f"rate-{number}-{occupation}"))
        for year in range(min(self.openings).year, max(self.openings).year + 2):
            budget = {"region": region, "funding_source": self.fund, "year": year, "amount_fen": BUDGET_FEN}
            await finance.post(
                "/payment/v1/budgets", {**budget, "document": "示例预算"}, key=self.key(f"budget-{year}")
            )


def fund_of(parts: Sequence[Part], book: Rulebook) -> str:
    """Give the source that pays for everything: the one that a benefit of the case is tied to, or its first."""
    programmes = {part.programme for part in parts}
    tied = [one.fund.source for one in book.payment.benefits if one.fund and one.programme in programmes]
    sources = book.payment.funding_sources
    return next(iter([*tied, *(source.code for source in (sources.sources if sources else ()))]), "")


def openings_of(case: Case, parts: Sequence[Part], book: Rulebook) -> list[date]:
    """Give the opening day of each class: the file's, unless something came of it before, or its people are busy.

    Whoever was in an earlier class of the case comes to the next one when that is certified.
    """
    openings: list[date] = []
    free: dict[str, date] = {}
    for part in parts:
        last = max((row.issued for row in part.case.certificate), default=part.begins)
        first = part.begins if part.case.kind == "work_for_training" else case.opened
        waits = [free[person] for person in part.case.people if person in free]
        if waits and max(waits) > first:
            first = max(waits) + timedelta(days=1)
        if part.case.certificate and min(row.issued for row in part.case.certificate) <= first:
            first = max(book.valid_from, min(row.issued for row in part.case.certificate) - RUN_UP)
        openings.append(first)
        free |= {person: last for person in part.case.people if part.case.kind != "work_for_training"}
    return openings
