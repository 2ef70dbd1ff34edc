"""Satisfaction surveys in the database: the survey, who was invited, and a tally that names nobody."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain.survey import Survey, SurveyDecision
from services.assessment.storage.tables import SURVEY, SURVEY_DECISION, SURVEY_INVITATION, SURVEY_TALLY
from shared.database.encryption import Vault
from shared.database.upsert import upsert
from shared.domain.identifiers import cleaned

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty-two that nobody confuses when copying them from paper."""

_GROUP: Final = 4
_GROUPS: Final = 4


class StoredSurveys:
    """The surveys on one open connection; whoever changes one has locked its class first.

    A code is derived from class, round and person under the deployment's look-up key, so that it can be handed out
    again but stands nowhere; the table keeps the keyed hash by which an answer finds its invitation.
    """

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, survey: Survey) -> None:
        """Add a survey that has just opened."""
        await self._connection.execute(insert(SURVEY).values(_values(survey)))

    async def get(self, class_id: str) -> Survey | None:
        """Give the class's survey with the tally of its present round, or None."""
        row = (await self._connection.execute(select(SURVEY).where(SURVEY.c.class_id == class_id))).one_or_none()
        if row is None:
            return None
        tally = SURVEY_TALLY.c
        counted = select(tally.answer, tally.responses).where(tally.class_id == class_id, tally.round == row.round)
        return Survey(
            class_id=row.class_id,
            round=row.round,
            opened_on=row.opened_on,
            closes_on=row.closes_on,
            invited=row.invited,
            tally={one.answer: one.responses for one in await self._connection.execute(counted)},
            measured=row.measured,
            revision=row.revision,
            version=row.version,
        )

    async def save(self, survey: Survey) -> Survey:
        """Store the survey under its next version and give it."""
        stored = replace(survey, version=survey.version + 1)
        this = SURVEY.c.class_id == survey.class_id
        await self._connection.execute(update(SURVEY).where(this).values(_values(stored)))
        for answer, responses in survey.tally.items():
            row = {"class_id": survey.class_id, "round": survey.round, "answer": answer, "responses": responses}
            await self._connection.execute(upsert(self._connection, SURVEY_TALLY, row))
        return stored

    async def invite(self, survey: Survey, persons: Iterable[str]) -> None:
        """Invite people to the survey's present round."""
        rows = [
            {
                "class_id": survey.class_id,
                "round": survey.round,
                "person_id": person,
                "code_hash": self._hash(self._code(survey, person)),
                "used": False,
            }
            for person in persons
        ]
        if rows:
            await self._connection.execute(insert(SURVEY_INVITATION), rows)

    async def codes(self, survey: Survey) -> tuple[tuple[str, str], ...]:
        """Give the code of everybody invited to the present round, with the person's id, by id."""
        invitation = SURVEY_INVITATION.c
        this = (invitation.class_id == survey.class_id, invitation.round == survey.round)
        query = select(invitation.person_id).where(*this).order_by(invitation.person_id)
        persons = (await self._connection.execute(query)).scalars()
        return tuple((person, self._code(survey, person)) for person in persons)

    async def class_invited_by(self, code: str) -> str | None:
        """Give the class whose survey the code invites to, in whatever round, or None."""
        query = select(SURVEY_INVITATION.c.class_id).where(SURVEY_INVITATION.c.code_hash == self._hash(code))
        found: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def use(self, survey: Survey, code: str) -> bool | None:
        """Use up an invitation: True when it was good, False when it was used, None when it is of another round."""
        invitation = SURVEY_INVITATION.c
        this = (invitation.code_hash == self._hash(code), invitation.round == survey.round)
        used = (await self._connection.execute(select(invitation.used).where(*this))).scalar_one_or_none()
        if used is False:
            await self._connection.execute(update(SURVEY_INVITATION).where(*this).values(used=True))
        return None if used is None else not used

    async def add_decision(self, survey: Survey, decision: SurveyDecision) -> None:
        """Record what a person decided about the survey."""
        row = {
            "class_id": survey.class_id,
            "decision": decision.decision,
            "closes_on": decision.closes_on,
            "reason": decision.reason,
            "decided_by": decision.decided_by,
            "decided_at": decision.decided_at,
        }
        await self._connection.execute(insert(SURVEY_DECISION).values(row))

    async def decisions(self, class_id: str) -> tuple[SurveyDecision, ...]:
        """Give what was decided about the class's survey, oldest first."""
        query = select(SURVEY_DECISION).where(SURVEY_DECISION.c.class_id == class_id).order_by(SURVEY_DECISION.c.seq)
        return tuple(
            SurveyDecision(
                decision=row.decision,
                closes_on=row.closes_on,
                reason=row.reason,
                decided_by=row.decided_by,
                decided_at=row.decided_at,
            )
            for row in await self._connection.execute(query)
        )

    def _code(self, survey: Survey, person_id: str) -> str:
        text = f"{survey.class_id}/{survey.round}/{person_id}"
        number = int(self._vault.lookup(text, purpose="survey.code"), 16)
        letters = "".join(_LETTERS[number >> 5 * place & 31] for place in range(_GROUP * _GROUPS))
        return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))

    def _hash(self, code: str) -> str:
        return self._vault.lookup(cleaned(code).replace("-", ""), purpose="survey.invitation")


def _values(survey: Survey) -> dict[str, Any]:
    return {
        "class_id": survey.class_id,
        "round": survey.round,
        "opened_on": survey.opened_on,
        "closes_on": survey.closes_on,
        "invited": survey.invited,
        "measured": survey.measured,
        "revision": survey.revision,
        "version": survey.version,
    }
