"""An institution's software applies for its first class.

    python first_class.py ADDRESS CREDENTIALS.toml CLIENT TEACHERS.csv ROSTER.csv OPENING-DATE

Only HTTP and JSON: the same requests in any language do the same. docs/integration.md explains each step.
"""

import csv
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import httpx

address, credentials, client, teachers, roster, opening = sys.argv[1:]
own = tomllib.loads(Path(credentials).read_text(encoding="utf-8"))[client]
http = httpx.Client(base_url=address, timeout=30.0)


def post(path: str, body: dict) -> dict:
    """Send a command until it is answered: under the same key it takes effect once, however often it is sent."""
    key = str(uuid.uuid4())
    for attempt in range(1, 6):
        try:
            answer = http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            if attempt == 5:
                raise
            continue
        if answer.status_code not in (429, 503):
            break
    if answer.status_code == 409 and answer.json()["code"] == "TEACHER_ALREADY_FILED":
        return {"teacher_id": answer.json()["value"]}  # filed for an earlier class
    if answer.is_error:
        sys.exit(f"{answer.status_code} {answer.text}")  # problem+json: code, detail, rule, clause, advice
    return answer.json()


def listed(path: str) -> Iterator[dict]:
    """Read a list to its end, page by page."""
    cursor = {}
    while True:
        page = http.get(path, params=cursor).raise_for_status().json()
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def table(path: str) -> list[dict[str, str]]:
    """Read a sheet that was saved as CSV."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# 1. A token, good for an hour.
token = http.post("/auth/token", data={"grant_type": "client_credentials"}, auth=(client, own["client_secret"]))
http.headers["Authorization"] = f"Bearer {token.raise_for_status().json()['access_token']}"

# 2. Who teaches, and where: filed once, used by every later class.
institution = f"/enrollment/v1/institutions/{own['organisation']}"
teacher_ids = [post(f"{institution}/teachers", {**row, "full_time": True})["teacher_id"] for row in table(teachers)]
stations = [{"occupation": "6-18-02-04", "count": 10}]
room = {"name": "二号实训室", "address": "示例路2号", "stations": stations}
venues = (one for one in listed(f"{institution}/venues") if one["name"] == room["name"])
venue = next(venues, None) or post(f"{institution}/venues", room)

# 3. The class with its timetable: five days of two sessions of four class hours, four of ten in the classroom.
china = timezone(timedelta(hours=8))
days = [date.fromisoformat(opening) + timedelta(days=number) for number in range(5)]
sessions = []
for number, (day, start) in enumerate((day, start) for day in days for start in (time(8, 30), time(14, 0))):
    begin = datetime.combine(day, start, china)
    sessions.append(
        {
            "starts_at": begin.isoformat(),
            "ends_at": (begin + timedelta(hours=3)).isoformat(),
            "kind": "theory" if number < 3 else "practice",
            "class_hours": 4,
            "teacher_id": teacher_ids[number % len(teacher_ids)],
            "venue_id": venue["venue_id"],
        }
    )
people = table(roster)
course = post(
    "/enrollment/v1/classes",
    {
        "kind": "class",
        "training_type": "employee_intermediate",
        "occupation": "6-18-02-04",
        "level": "4",
        "planned": len(people),
        "opening_date": days[0].isoformat(),
        "closing_date": days[-1].isoformat(),
        "funding_source": "skills_action_fund",
        "delivery": "offline",
        "training_mode": "self_run",
        "sealed": True,
        "contact_person": people[0]["name"],
        "telephone": "19900000001",
        "batch": max((one["batch"] for one in listed("/enrollment/v1/classes")), default=0) + 1,
        "plan": {"title": "焊工中级班", "objective": "中级工技能提升", "content": "焊接工艺理论与实操"},
        "sessions": sessions,
    },
)
path = f"/enrollment/v1/classes/{course['class_id']}"

# 4. The roster: every row is judged by itself; what is refused says why and what to do.
rows = [
    {**person, "row": number, "fee_fen": 0, "declares_ability_and_will": True}
    for number, person in enumerate(people, start=1)
]
judged = post(f"{path}/roster", {"rows": rows})
for row in judged["rows"]:
    for finding in row["findings"]:
        print(row["row"], row["verdict"], finding["code"], finding["clause"], finding["advice"])
print(f"{judged['accepted']} accepted, {judged['refused']} refused")

# 5. The application. From here on the bureau reviews; GET the class to see where it stands.
post(f"{path}/submission", {})
state = http.get(path).raise_for_status().json()
print(f"{course['class_id']} {state['state']}")
