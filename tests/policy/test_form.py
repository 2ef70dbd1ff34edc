"""Annex 2 has all of its 66 fields, or is refused."""

from pathlib import Path

import pytest

from shared.policy.loader import FORMS, load_catalogue, load_forms
from shared.policy.mistakes import PolicyFilesInvalid

NAME = "jiyuan-annex-2.toml"


def written(folder: Path, old: str, new: str) -> Path:
    text = (FORMS / NAME).read_text(encoding="utf-8")
    assert old in text
    (folder / NAME).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_the_form_has_the_66_fields_of_annex_2_in_their_order() -> None:
    """JY-FLD-01 to JY-FLD-66, each once, under its own document and a clause of annex 2."""
    (form,) = load_forms()
    assert [field.rule for field in form.fields] == [f"JY-FLD-{number:02}" for number in range(1, 67)]
    catalogue = load_catalogue()
    for field in form.fields:
        assert catalogue[field.rule].doc_no == field.document == form.document
        assert field.clause.startswith("附件2 ")
    assert len({field.code for field in form.fields}) == 66


def test_every_field_says_its_stage_its_label_and_where_its_fact_arises() -> None:
    (form,) = load_forms()
    stages = [field.stage for field in form.fields]
    assert {stage: stages.count(stage) for stage in set(stages)} == {
        "enrollment": 22,
        "supervision": 12,
        "assessment": 15,
        "claim": 14,
        "payment": 3,
    }
    assert all(field.label for field in form.fields)
    seal = form.field("applicant_seal")
    assert seal is not None
    assert seal.applicants == ("institution", "enterprise")
    assert form.field("nothing") is None


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('rule = "JY-FLD-09"', 'rule = "JY-FLD-10"', "fields", "JY-FLD-09 出现 0 次"),
        ('rule = "JY-FLD-09"', 'rule = "JY-FLD-99"', "fields[9].rule", "没有 JY-FLD-99"),
        ('type = "phone"', 'type = "telephone"', "fields[5].type", "telephone"),
        ("minimum = 1", 'minimum = "1"', "fields[12].validation.minimum", "整数"),
        ('at_most = "examined"', 'at_most = "examiend"', "fields[36].validation.at_most", "examiend"),
        ('stage = "payment"', 'stage = "payment"\nhint = "x"', "fields[62].hint", "不认识的键"),
        ('code = "level"', 'code = "occupation"', "fields[11].code", "重复"),
    ],
)
def test_a_mistake_in_the_form_is_refused_naming_its_place(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_forms(written(tmp_path, old, new))
    assert any(mistake.key == key and says in mistake.message for mistake in refusal.value.mistakes), refusal.value


def test_fields_in_another_order_are_refused(tmp_path: Path) -> None:
    text = (FORMS / NAME).read_text(encoding="utf-8")
    first, second = 'rule = "JY-FLD-60"', 'rule = "JY-FLD-61"'
    swapped = text.replace(first, "@").replace(second, first).replace("@", second)
    (tmp_path / NAME).write_text(swapped, encoding="utf-8")
    with pytest.raises(PolicyFilesInvalid, match="顺序"):
        load_forms(tmp_path)
