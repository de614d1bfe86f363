import re
from collections import Counter

import pytest

from valuelex.errors import DataError
from valuelex.projective.instrument.candidates import Candidate
from valuelex.projective.instrument.filters import Screened
from valuelex.projective.instrument.selection import by_cell, choose, quotas, select
from valuelex.projective.scales import Scale
from valuelex.tables import VALENCES

SCALES = [Scale("Warmth", "Warmth", None, ("kindness",)), Scale("Skill", "Skill", None, ("mastery",))]


def row(fit, person="first", source="bank", scale=0, valence="neutral", order=0, reason=None):
    candidate = Candidate(f"{fit} {person} {order}", source, valence, ("x",), person)
    return Screened(candidate, scale, fit, 0.1, None, 5, 20.0, None, None, reason, order)


@pytest.mark.parametrize(("scales", "stems"), [(6, 60), (3, 60), (10, 60), (1, 5), (5, 7), (7, 100), (2, 1)])
def test_quotas_are_as_even_as_can_be(scales, stems):
    cells = quotas(scales, stems)
    assert sum(cells.values()) == stems
    by_scale = [sum(n for (s, _), n in cells.items() if s == i) for i in range(scales)]
    by_valence = [sum(n for (_, v), n in cells.items() if v == i) for i in range(4)]
    for counts in (list(cells.values()), by_scale, by_valence):
        assert max(counts) - min(counts) <= 1


def test_the_best_fit_comes_first_and_persons_are_even():
    rows = [row(0.9), row(0.8), row(0.7), row(0.5, "third"), row(0.4, "third"), row(0.3, "impersonal")]
    assert [r.fit for r in choose(rows, 3)] == [0.9, 0.5, 0.3]
    assert Counter(r.candidate.person for r in choose(rows, 5)) == {"first": 2, "third": 2, "impersonal": 1}


def test_a_tie_of_persons_goes_to_the_one_the_test_has_least():
    rows = [row(0.9), row(0.5, "third")]
    assert choose(rows, 1, Counter({"first": 2, "third": 1}))[0].candidate.person == "third"


def test_templates_come_last_and_in_their_order():
    rows = [
        row(1.0, source="template", order=1),
        row(1.0, source="template", order=2),
        row(0.4),
        row(0.6, source="writer"),
    ]
    assert [r.candidate.source for r in choose(rows, 4)] == ["bank", "writer", "template", "template"]
    assert [r.order for r in choose(rows, 4)][2:] == [1, 2]


def test_what_was_dropped_is_in_no_cell():
    assert by_cell([row(0.9, reason="fit: too low"), row(0.5)])[0, VALENCES.index("neutral")][0].fit == 0.5


def test_a_bank_too_small_is_told_cell_by_cell():
    rows = [row(0.5, scale=s, valence=v, order=i) for i in range(2) for s in range(2) for v in VALENCES]
    rows = [r for r in rows if (r.scale, r.candidate.valence, r.order) not in {(1, "negative", 1), (1, "neutral", 1)}]
    with pytest.raises(DataError) as error:
        select(by_cell(rows), quotas(2, 16), SCALES)
    assert "Skill x negative lacks 1, Skill x neutral lacks 1." in error.value.what
    advised = int(re.search(r"stems: (\d+)", error.value.remedy)[1])
    assert sum(map(len, select(by_cell(rows), quotas(2, advised), SCALES).values())) == advised


def test_many_cells_are_counted_and_none_feasible_gives_no_number():
    scales = [Scale(f"S{i}", f"S{i}", None, ("x",)) for i in range(4)]
    with pytest.raises(DataError, match="and 8 cells more") as error:
        select({}, quotas(4, 16), scales)
    assert "stems:" not in error.value.remedy and "bank" in error.value.remedy
