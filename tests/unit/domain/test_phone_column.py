"""A column gives the very answers of `read_number`, at the speed of integers (S33, S53, S91, M13, M14)."""

import random
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import polars as pl
import pytest

from smsapp.domain.phone import COLUMNS, Number, Reason, column, read_column, read_number
from tests.unit.domain.phone_numbers import hostile, world


def expected(raw: str | None, region: str, for_voice: bool = False) -> tuple[object, ...]:
    reading = read_number(raw, region, for_voice=for_voice)
    if isinstance(reading, Number):
        other = reading.choices[0] if reading.choices else None
        return (reading.e164, reading.territory, reading.calling_code, reading.line, reading.warning, None, other, None)
    return (None, None, None, None, None, reading.reason, reading.suggestion, reading.missing_digits)


def differences(texts: list[str], region: str, for_voice: bool = False) -> list[tuple[object, ...]]:
    rows = read_column(pl.Series(texts, dtype=pl.String), region, for_voice=for_voice).rows()
    wanted = [expected(text, region, for_voice) for text in texts]
    return [(region, text, row, want) for text, row, want in zip(texts, rows, wanted, strict=True) if row != want]


def _compare(job: tuple[list[str], str, bool]) -> list[tuple[object, ...]]:
    column._WORTH_A_LOOK = 2  # numbers go through the classes which, in so small a column, would be asked one by one
    return differences(*job)


def compare(jobs: list[tuple[list[str], str, bool]]) -> list[tuple[object, ...]]:
    """The differences of all jobs, on every core, in processes that know nothing yet."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        return [difference for found in processes.map(_compare, jobs, chunksize=8) for difference in found]


def test_column_differs_nowhere_over_all_regions() -> None:
    columns = world(100_000, seed=20)
    jobs = [
        (texts[start : start + 5_000], region, False)
        for region, texts in sorted(columns.items())
        for start in range(0, len(texts), 5_000)
    ]
    assert sum(len(texts) for texts, _, _ in jobs) == 100_000
    assert compare(jobs) == []


def test_column_differs_nowhere_on_hostile_spellings() -> None:
    texts = hostile(50_000, seed=10)
    homes = [("FR", False)] * 6 + [("GP", True), ("US", False), ("GB", False), ("AR", True)]
    assert compare([(texts[i * 5_000 : (i + 1) * 5_000], *home) for i, home in enumerate(homes)]) == []


def test_column_differs_nowhere_where_the_french_plan_is_narrow() -> None:
    """Dense rows around overseas heads, fiction and ambiguous codes, with all the heads worth a look."""
    draw = random.Random(1)
    heads = [
        "0639",
        "06399",
        "063998",
        "0690",
        "0691",
        "0692",
        "0696",
        "0700",
        "0712",
        "687",
        "681",
        "690",
        "3363998",
        "0199",
    ]
    texts = []
    for _ in range(8_000):
        head = draw.choice(heads)
        prefix = draw.choice(["", "", "", "+33", "0033", "33", "+", "00"])
        length = 10 if head.startswith("0") else 11 if head.startswith("33") else 9
        tail = "".join(draw.choice("0123456789") for _ in range(length - len(head)))
        texts.append(prefix + (head[1:] if prefix.endswith("33") else head) + tail)
    assert differences(texts, "FR") == []
    assert differences(texts[:2_000], "RE") == []


def test_shape_of_the_answer() -> None:
    answer = read_column(pl.Series("anything", ["0612345678", None, "0696123456", "0123456789", "687751234"]))
    assert answer.schema == pl.Schema(COLUMNS)
    assert answer["e164"].to_list() == [33612345678, None, None, None, 33687751234]
    assert answer["reason"].to_list() == [None, Reason.EMPTY, Reason.NEEDS_COUNTRY_CODE, Reason.FIXED_LINE, None]
    assert answer["suggestion"].to_list() == [None, None, 596696123456, None, 687751234]
    assert answer["territory"].to_list() == ["FR", None, None, None, "FR"]
    assert answer["warning"].to_list() == [None, None, None, None, "ambiguous"]


def test_fixed_lines_are_read_for_voice() -> None:
    answer = read_column(pl.Series(["0123456789"]), for_voice=True)
    assert answer.select("e164", "line").row(0) == (33123456789, "fixed")


@pytest.mark.parametrize("texts", [[], [None], [None, None], [""]])
def test_nothing_to_read(texts: list[str | None]) -> None:
    answer = read_column(pl.Series(texts, dtype=pl.String))
    assert answer["reason"].to_list() == [Reason.EMPTY] * len(texts)


def test_excel_numbers_are_read_as_the_digits_they_show() -> None:
    numbers = [612345678, 33612345678, None]
    assert read_column(pl.Series(numbers))["e164"].to_list() == [33612345678, 33612345678, None]
    floats = pl.Series([612345678.0, 33612345678.0, None, float("nan"), 1e300, 0.5])
    answer = read_column(floats)
    assert answer["e164"].to_list() == [33612345678, 33612345678, None, None, None, None]
    assert answer["reason"].null_count() == 2
    assert read_column(pl.Series([None, None]))["reason"].to_list() == [Reason.EMPTY] * 2


def test_region_is_checked() -> None:
    with pytest.raises(ValueError, match="unknown region"):
        read_column(pl.Series(["0612345678"]), "ZZ")


def test_threads_share_one_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "_classes", {})
    columns = [texts for texts in world(4_000, seed=4).values() if len(texts) > 50]
    shared = [text for texts in columns for text in texts][:1_500]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: read_column(pl.Series(shared)), range(16)))
    assert all(answer.equals(answers[0]) for answer in answers)
    assert column._classes["FR", False]["key"].is_unique().all()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "_classes", {})
    monkeypatch.setattr(column, "_MOST_CLASSES", 50)
    monkeypatch.setattr(column, "_WORTH_A_LOOK", 1)
    for start in range(0, 400, 40):
        texts = [f"06{start + i:04}1234" for i in range(40)]
        assert differences(texts, "FR") == []
    assert column._classes["FR", False].height <= 50 + 40


def test_a_warm_column_is_fast() -> None:
    """5 000 rows in well under the 100 ms that an import may spend here; best of five, on any machine."""
    draw = random.Random(2)
    texts = pl.Series([f"06 {draw.randrange(10**8):08}" for _ in range(5_000)])
    read_column(texts)
    timings = []
    for _ in range(5):
        start = time.perf_counter()
        read_column(texts)
        timings.append(time.perf_counter() - start)
    assert min(timings) < 0.1
