"""A policy officer's mistake is reported with file, line, key, expectation and advice; all mistakes at once."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from shared.domain.errors import MissingFact
from shared.domain.money import fen_from_yuan
from shared.policy.loader import load_rulebooks
from shared.policy.mistakes import Mistake, PolicyFilesInvalid
from tests.policy.folders import RULEBOOK, changed, packaged, written


def mistakes_in(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_rulebooks(folder)
    return refusal.value.mistakes


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "advice"),
    [
        ("trainees_max = 50", 'trainees_max = "50"', "enrollment.class_size.trainees_max", "应为整数", "整数"),
        ("trainees_max = 50", "trainees_max = 50.0", "enrollment.class_size.trainees_max", "应为整数", "整数"),
        ("trainees_max = 50", "trainees_max = true", "enrollment.class_size.trainees_max", "应为整数", "整数"),
        ("trainees_max = 50", "trainees_max = -1", "enrollment.class_size.trainees_max", "超出范围", "不得为负"),
        ("trainees_max = 50", "trainee_max = 50", "enrollment.class_size.trainee_max", "不认识", "trainees_max"),
        ("[enrollment.class_hour]", "[enrollment.class_hours]", "enrollment.class_hours", "不认识", "class_hour"),
        ("[supervision.sign_in]", "[supervison.sign_in]", "supervison", "不认识", "supervision"),
        (
            "minimum_percent = 65",
            "minimum_percent = 165",
            "enrollment.practice_share.minimum_percent",
            "超出范围",
            "100",
        ),
        ("minimum_percent = 65", "minimum_percent = 65.5", "enrollment.practice_share.minimum_percent", "整数", "小数"),
        (
            "start_day_counts = false",
            "start_day_counts = 0",
            "payment.notice.start_day_counts",
            "true 或 false",
            "true",
        ),
        ('modes = ["offline"]', 'modes = "offline"', "assessment.exam_mode.modes", "应为列表", "方括号"),
        ('modes = ["offline"]', 'modes = ["ofline"]', "assessment.exam_mode.modes[1]", "offline（", "“offline”"),
        ('"masked_name"]', '"phone"]', "payment.masking.shown[7]", "masked_name", "选择"),
        ('freezes = "lines"', "freezes = 1", "payment.objection.freezes", "lines（", "选择"),
        (
            "since = 2019-01-01",
            'since = "2019-01-01"',
            "enrollment.private_school.no_liability_since",
            "日期",
            "不加引号",
        ),
        (
            "since = 2019-01-01",
            "since = 2019",
            "enrollment.private_school.no_liability_since",
            "应为日期",
            "2021-01-01",
        ),
        ('region = "419001"', 'region = "419000"', "region", "没有 419000", "419001"),
        ('region = "419001"', "region = 419001", "region", "应为文字", "双引号"),
        ("valid_from = 2021-01-01", "valid_from = 2021-01-02", "valid_from", "文件名", "一致"),
        ("valid_to = 2021-12-31", "valid_to = 2020-12-31", "valid_to", "早于", "valid_to"),
        ('rule = "JY-ENR-07"', 'rule = "JY-ENR-77"', "enrollment.class_size.rule", "没有 JY-ENR-77", "JY-ENR-"),
        ('rule = "JY-ENR-07"', 'rule = "HL-CLM-01"', "enrollment.class_size.rule", "葫人社发", "document"),
        ('clause = "三(三)"', 'clause = " "', "enrollment.suspensions.clause", "不得为空", "条款"),
        ('local = ["mixed_class"]', 'local = ["mixed"]', "enrollment.class_size.local", "没有 mixed", "mixed_class"),
        (
            'code = "graduate"',
            'code = "gradate"',
            "enrollment.groups[4].code",
            "graduate（高校毕业生）几乎相同",
            "“graduate”",
        ),
        (
            'groups = ["employee"]',
            'groups = ["employe"]',
            "enrollment.local_employer.groups",
            "未在本规则册",
            "employee",
        ),
        (
            'needs = ["village"]',
            'needs = ["vilage"]',
            "enrollment.attributes[6].values[1].needs",
            "vilage 未在本规则册",
            "village",
        ),
        (
            'key_group_projects = ["key_groups"]',
            'key_group_projects = ["key_group"]',
            "enrollment.class_size.key_group_projects",
            "key_group 未在本规则册",
            "key_groups",
        ),
        (
            '"AttendanceChecked"',
            '"AttendanceCheck"',
            "payment.evidence.programmes[1].events",
            "未在",
            "AttendanceChecked",
        ),
        (
            'on_low_satisfaction = "low_satisfaction"',
            'on_low_satisfaction = "low"',
            "enrollment.suspensions.on_low_satisfaction",
            "未在本规则册",
            "low_satisfaction",
        ),
        ('key = ["form",', 'key = ["shape",', "enrollment.registers[1].key", "未在本规则册", "form"),
        ('by = "level"', 'by = "leve"', "enrollment.registers[1].report.by", "未在本规则册", "level"),
        (
            'shape = "entries", by = "occ',
            'shape = "heads", by = "occ',
            "enrollment.registers[2].report.shape",
            "未在",
            "title",
        ),
        (
            '"technician_school", "private',
            '"circus", "private',
            "enrollment.registers[3].institution_kinds",
            "未在",
            "other",
        ),
        ('field = "price_fen"', 'field = "prize"', "enrollment.registers[4].checks[1]", "未在本规则册", "price_fen"),
        (
            'against = "safety_pass"',
            'against = "safety"',
            "enrollment.registers[6].report.against",
            "未在",
            "safety_pass",
        ),
        (
            'training = "safety_training"',
            'training = "safety"',
            "enrollment.registers[6].report",
            "未在",
            "safety_training",
        ),
        (
            'against = "safety_pass", training = "safety_training" ',
            'training = "safety_training" ',
            "enrollment.registers[6].report.against",
            "against 未在",
            "safety_pass",
        ),
        ('roles = ["institution"]', 'roles = ["public"]', "enrollment.registers[4].roles[1]", "approver", "选择"),
        (
            'wanted = "all_staff_plan"',
            'wanted = "size"',
            "enrollment.enterprise_profile.wanted",
            "未在本规则册",
            "可用",
        ),
        (
            'proof = "size_evidence"',
            'proof = "size_evidense"',
            "enrollment.profile_conditions[1].proof",
            "未在本规则册",
            "size_evidence",
        ),
        (
            'values = ["drill", "contest"]',
            'values = ["drill", "kontest"]',
            "payment.not_a_class.values",
            "kontest 未在本规则册",
            "contest",
        ),
        (
            'attribute = "job_change"\nfield',
            'attribute = "job_changes"\nfield',
            "enrollment.profile_conditions[2].attribute",
            "未在本规则册",
            "job_change",
        ),
        (
            'methods = ["roll_call"]',
            'methods = ["rollcall"]',
            "supervision.custody_attendance.methods",
            "rollcall 未在",
            "roll_call",
        ),
        (
            'groups = ["prisoner", "rehabilitation"]',
            'groups = ["rural_labour"]',
            "supervision.custody_attendance.groups",
            "rural_labour 未在",
            "rural_transferred",
        ),
        (
            'owner = "second_reviewer"',
            'owner = "finance"',
            "supervision.casework.duties[6].owner",
            "second_reviewer",
            "选择",
        ),
        ('role = "finance"', 'role = "banker"', "payment.steps.steps[5].role", "finance", "选择"),
        ("[enrollment.class_hour]", "[enrollment.class_hour", "（文件）", "方括号没有成对", "[enrollment.class_hour]"),
    ],
)
def test_every_kind_of_mistake_is_reported_where_it_stands(
    tmp_path: Path, old: str, new: str, key: str, message: str, advice: str
) -> None:
    text, line = changed(RULEBOOK, old, new)
    found = [mistake for mistake in mistakes_in(written(tmp_path, RULEBOOK, text)) if mistake.key == key]
    assert [mistake.file for mistake in found] == [RULEBOOK]
    assert message in found[0].message
    assert advice in found[0].advice
    assert found[0].line == line
    assert f"{RULEBOOK}:{line} {key}" in str(found[0])


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "line_text"),
    [
        ('code = "graduate"', 'code = "veteran"', "enrollment.groups[6].code", "代码 veteran 重复", 'code = "veteran"'),
        (
            "special_account = true",
            "special_account = false",
            "enrollment.special_account.funding_source",
            "skills_action_fund 未在本规则册中定义",
            'funding_source = "skills_action_fund"',
        ),
        (
            "trainings_max = 1",
            "trainings_max = 3",
            "payment.entitlement.slots_max",
            "写的是 1，办班一章 enrollment.repeat 却为 3",
            "slots_max = 1",
        ),
    ],
)
def test_a_contradiction_between_two_places_is_reported_at_the_one_that_relies_on_the_other(
    tmp_path: Path, old: str, new: str, key: str, message: str, line_text: str
) -> None:
    text, changed_line = changed(RULEBOOK, old, new)
    (mistake,) = mistakes_in(written(tmp_path, RULEBOOK, text))
    assert (mistake.key, mistake.message) == (key, message)
    assert text.splitlines()[mistake.line - 1] == line_text
    assert mistake.line != changed_line


def test_a_missing_key_is_reported_at_its_table(tmp_path: Path) -> None:
    text, line = changed(RULEBOOK, 'clause = "二(三)4"\nworking_days = 7\n', 'clause = "二(三)4"\n')
    (mistake,) = mistakes_in(written(tmp_path, RULEBOOK, text))
    assert (mistake.key, mistake.message) == ("payment.review_limit.working_days", "缺少必填项")
    assert text.splitlines()[mistake.line - 1] == "[payment.review_limit]"
    assert mistake.line == line - 2


def test_all_mistakes_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    first, first_line = changed(RULEBOOK, "trainees_max = 50", 'trainees_max = "50"')
    first = first.replace('freezes = "lines"', 'freezes = "nothing"')
    second, second_line = changed(RULEBOOK, "minutes_min = 40", "minutes_min = false")
    written(tmp_path, RULEBOOK, first)
    written(tmp_path, "xinxiang/2021-01-01.toml", second)
    places = {(mistake.file, mistake.key): mistake.line for mistake in mistakes_in(tmp_path)}
    assert places[RULEBOOK, "enrollment.class_size.trainees_max"] == first_line
    assert (RULEBOOK, "payment.objection.freezes") in places
    assert places["xinxiang/2021-01-01.toml", "enrollment.class_hour.minutes_min"] == second_line


def test_two_rulebooks_of_one_region_must_not_overlap(tmp_path: Path) -> None:
    later = packaged(RULEBOOK).replace("valid_from = 2021-01-01", "valid_from = 2021-12-31")
    written(tmp_path, RULEBOOK, packaged(RULEBOOK))
    written(tmp_path, "jiyuan/2021-12-31.toml", later)
    (mistake,) = mistakes_in(tmp_path)
    assert mistake.file == "jiyuan/2021-12-31.toml"
    assert RULEBOOK in mistake.message


def test_a_folder_without_any_rulebook_is_an_error_and_not_an_empty_shelf(tmp_path: Path) -> None:
    assert "没有任何规则册" in mistakes_in(tmp_path)[0].message


def test_a_file_whose_name_is_no_date_is_reported_and_not_passed_over(tmp_path: Path) -> None:
    (mistake,) = mistakes_in(written(tmp_path, "jiyuan/2021-1-1.toml", packaged(RULEBOOK)))
    assert (mistake.file, mistake.message) == ("jiyuan/2021-1-1.toml", "文件名不是生效日期")


def test_text_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    path = tmp_path / RULEBOOK
    path.parent.mkdir()
    path.write_bytes("title = '济源'".encode("gbk"))
    assert "UTF-8" in mistakes_in(tmp_path)[0].advice


def test_a_table_may_name_a_document_of_its_own(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, 'rule = "JY-PAY-06"', 'rule = "JY-PAY-06"\ndocument = "某文〔2021〕1号"')
    (book,) = load_rulebooks(written(tmp_path, RULEBOOK, text)).current
    assert book.payment.features_off is not None
    assert book.payment.features_off.document == "某文〔2021〕1号"


BASIS = 'basis = "person" # whatever the training type, one amount for everybody who is recognised'
STATED_RATE = """basis = "person"

[[payment.benefits.rates]]
level = "4"
amount_yuan = 1500.05"""


def test_a_rate_that_a_document_states_is_read_to_the_fen(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, BASIS, STATED_RATE)
    (book,) = load_rulebooks(written(tmp_path, RULEBOOK, text)).current
    assert [fen_from_yuan(rate.amount_yuan) for rate in book.payment.benefits[0].rates] == [150_005]


@pytest.mark.parametrize(
    ("amount", "message"), [("1500.055", "1500.055"), ('"1500.05"', "应为数字"), ("true", "应为数字")]
)
def test_a_stated_rate_that_is_no_exact_amount_is_reported(tmp_path: Path, amount: str, message: str) -> None:
    text, line = changed(RULEBOOK, BASIS, STATED_RATE.replace("1500.05", amount))
    (mistake,) = mistakes_in(written(tmp_path, RULEBOOK, text))
    assert (mistake.key, mistake.line) == ("payment.benefits[1].rates[1].amount_yuan", line + 4)
    assert message in mistake.message


def test_the_id_is_made_of_names_and_content(tmp_path: Path) -> None:
    (book,) = load_rulebooks(written(tmp_path, RULEBOOK, packaged(RULEBOOK))).current
    again = load_rulebooks().in_force(book.region, book.valid_from)
    (edited,) = load_rulebooks(written(tmp_path, RULEBOOK, packaged(RULEBOOK) + "# one more byte\n")).current
    assert book.id == again.id
    assert book.id.startswith("jiyuan/2021-01-01@")
    assert len(book.id.partition("@")[2]) == 12
    assert edited.id != book.id


def test_a_process_reads_a_file_once_however_many_of_its_services_bring_it(tmp_path: Path) -> None:
    text = packaged(RULEBOOK) + "# of this test alone\n"
    first, second = (load_rulebooks(written(tmp_path / name, RULEBOOK, text)).current[0] for name in "ab")
    assert first is second
    assert load_rulebooks(written(tmp_path / "a", RULEBOOK, text + "# edited\n")).current[0] is not second


def test_a_class_keeps_the_version_it_was_pinned_to_when_the_file_is_edited(tmp_path: Path) -> None:
    folder, kept = tmp_path / "rulebooks", tmp_path / "kept"
    pinned = load_rulebooks(written(folder, RULEBOOK, packaged(RULEBOOK)), kept=kept).current[0]
    text, _ = changed(RULEBOOK, "trainees_max = 50", "trainees_max = 45")
    shelf = load_rulebooks(written(folder, RULEBOOK, text), kept=kept)
    edited = shelf.in_force("419001", date(2021, 6, 1))
    assert edited.enrollment.class_size is not None
    assert edited.enrollment.class_size.trainees_max == 45
    assert shelf.by_id(pinned.id) == pinned
    assert shelf.by_id(edited.id) == edited
    with pytest.raises(MissingFact):
        load_rulebooks(folder).by_id(pinned.id)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rule = "JY-ENR-07"', 'rule = "JY-ENR-00"'),
        ("trainings_max = 1", "trainings_max = 2"),
    ],
)
def test_a_kept_version_reads_for_ever_though_a_later_release_would_object_to_it(
    tmp_path: Path, old: str, new: str
) -> None:
    text, _ = changed(RULEBOOK, old, new)
    name = f"jiyuan/2021-01-01@{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    kept = written(tmp_path / "kept", f"{name}.toml", text)
    assert load_rulebooks(kept=kept).by_id(name).enrollment.directory is not None


def test_a_kept_version_with_a_term_that_this_release_cannot_judge_by_is_refused(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, "trainees_max = 50", "trainees_max = 50\nlater_key = 1")
    name = f"jiyuan/2021-01-01@{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    kept = written(tmp_path / "kept", f"{name}.toml", text)
    with pytest.raises(PolicyFilesInvalid, match="later_key"):
        load_rulebooks(kept=kept)


def test_a_kept_version_that_was_altered_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    book = load_rulebooks(kept=kept).current[0]
    copy = kept / f"{book.id}.toml"
    copy.write_text(copy.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(PolicyFilesInvalid, match="内容与文件名不符"):
        load_rulebooks(kept=kept)


def test_two_processes_may_keep_the_same_version_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers share the folder and are all process number 1."""
    kept, replace = tmp_path / "kept", Path.replace

    def overtaken(draft: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        load_rulebooks(kept=kept)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", overtaken)
    book = load_rulebooks(kept=kept).in_force("419001", date(2021, 1, 1))
    assert [path.name for path in (kept / "jiyuan").iterdir()] == [f"{book.id.removeprefix('jiyuan/')}.toml"]


@pytest.mark.parametrize("name", ["2021-01-01.toml", "jiyuan/old/2021-01-01.toml"])
def test_a_rulebook_outside_a_jurisdictions_folder_is_reported_and_not_passed_over(tmp_path: Path, name: str) -> None:
    written(tmp_path, RULEBOOK, packaged(RULEBOOK))
    (mistake,) = mistakes_in(written(tmp_path, name, packaged(RULEBOOK)))
    assert mistake.file.endswith("2021-01-01.toml")
    assert "<" not in mistake.advice
    assert "文件夹" in mistake.advice


def test_what_a_container_platform_hides_beside_a_mounted_rulebook_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, "jiyuan/..2021_05_08/2021-01-01.toml", packaged(RULEBOOK))
    (tmp_path / RULEBOOK).symlink_to("..2021_05_08/2021-01-01.toml")
    assert len(load_rulebooks(tmp_path).current) == 1


@pytest.mark.parametrize("amount", ["0", "-1500.00", "-1500", "nan", "inf"])
def test_a_stated_rate_is_never_zero_and_never_negative(tmp_path: Path, amount: str) -> None:
    text, line = changed(RULEBOOK, BASIS, STATED_RATE.replace("1500.05", amount))
    mistake, *_ = mistakes_in(written(tmp_path, RULEBOOK, text))
    assert (mistake.key, mistake.line) == ("payment.benefits[1].rates[1].amount_yuan", line + 4)
    assert "number" not in mistake.message
