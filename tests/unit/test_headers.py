"""Which row is taken for the header (S65, S67): the one below the titles; in an ordinary file the first, or none, as ever."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smsapp.imports import reader
from smsapp.imports.headers import guess_header
from smsapp.imports.mapping import first_names
from smsapp.imports.sandbox import Reading, Table, table_of
from tests.services.imports.conftest import DATA

PEOPLE = "Rey;Léa;0612345678\nRoi;Max;06 87 65 43 21\nRoy;Zoé;06.11.11.11.11\n"


def read(folder: Path, text: str | bytes, separator: str = ";") -> Table:
    """The table of a text, read by the child's own function."""
    path = folder / "clients.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return table_of(folder, reader.read(path, folder / "rows.arrow", {"separator": separator} if separator else {}))


def as_ever(table: Table) -> int:
    """The first row, if it names the columns."""
    return int(table.head["row"][0]) if first_names(table.head) else 0


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (f"Fichier clients - juin 2026\nNom;Prénom;Portable\n{PEOPLE}", 2),
        (f"Fichier clients - juin 2026;;\nExport du;12/06/2026;\n;;\nNom;Prénom;Portable\n{PEOPLE}", 4),
        (f"\n\nListe téléphonique\n\n12/06/2026\n\nNOM;PRENOM;TEL. MOBILE\n{PEOPLE}", 7),
        (f"Mairie de Bruz;;\nTél.;02 99 05 56 56;\nLast name;First name;Mobile phone\n{PEOPLE}", 3),
        (f"Members as of;June 12, 2026;\nSurname;Given name;Cell\n{PEOPLE}", 2),
        (f"Les membres du club\nIdentité;;Coordonnées\nNom;Prénom;Tél\n{PEOPLE}", 3),
        (f"Les membres du club\nAdhérent;Qui;Où le joindre\n{PEOPLE}", 2),
        (f"Club de tir\nclub@tir.fr;;\nNom;Prénom;Portable\n{PEOPLE}", 3),
        ("Liste des numéros\nPortable\n0612345678\n0687654321\n", 2),
        ("Liste téléphone 2026\n\nTél. mobile\n0612345678\n", 3),
        ("Club\nSaison 2026\nNom;Portable;Ville;Date\nRey;0612345678;Lyon;12/06/2026\n", 3),
        ("Club de tir\nNom;Portable;Code postal;Ville\nRey;faux;69000;Lyon\n", 2),
        ("Club de tir\nNom;Portable\n", 2),
        ("Nom;Portable\nFichier;clients\nNom;Portable\nRey;0612345678\n", 1),
        (f"Contact mail\nNom;Prénom;Portable\n{PEOPLE}", 2),
    ],
)
def test_s67_the_header_is_found_below_the_titles(tmp_path: Path, text: str, header: int) -> None:
    assert guess_header(read(tmp_path, text)) == header


@pytest.mark.parametrize(
    "text",
    [
        f"Nom;Prénom;Portable\n{PEOPLE}",
        PEOPLE,
        f"A;B;C\n{PEOPLE}",
        "Client;Canal;Téléphone\nRey;SMS;0612345678\nClient;Mobile;\nSMS;Portable;0612345679\n",
        "Nom;Type;Canal;Portable\nRey;Client;SMS;\nRoi;Client;SMS;0612345678\n",
        "Qui;Coordonnées\nRey;portable\nRoi;0612345678\nRoy;0612345679\n",
        "0612345678\nPortable\n0687654321\n",
        ";;0612345678\nNom;Prénom;Portable\nRey;Léa;0687654321\n",
        "Dupont;;\nMartin;Jean;néant\nDurand;Luc;0612345678\n",
        "a@x.fr;;\nNom;Portable;\nRey;0687654321;\n",
        "Rey\nRoi\nRoy\n",
        "Fichier clients - juin 2026\n0612345678\n0687654321\n",
        "Fichier clients\n",
    ],
)
def test_a_file_that_says_nothing_of_titles_is_taken_as_ever(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert guess_header(table) == as_ever(table)


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*-*")))
def test_every_file_of_the_data_has_its_header_in_the_first_row(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, (DATA / name).read_bytes(), "")
    assert guess_header(table) == as_ever(table) == 1
    assert (table.first[0][0], len(table.first[0][1])) == (1, table.width)


names = st.sampled_from(
    ["Nom", "Prénom", "Portable", "Mail", "Tél", "Ville", "Client", "N°", "A", "Remarques", "Société"]
)
numbers = st.sampled_from(
    ["0612345678", "06 87 65 43 21", "+33 6 12 34 56 78", "612345678", "06123", "", "faux", "néant"]
)
words = st.sampled_from(
    ["Rey", "Client", "SMS", "Mobile", "Nom", "12/06/2026", "75011", "a@x.fr", "", "Lyon", "Contact"]
)


@st.composite
def ordinary(draw: st.DrawFn) -> str:
    """A file whose first row has a name for each column, or a person with a number."""
    width, place = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    rows = [
        [draw(numbers if at == place % width else words) for at in range(width)]
        for _ in range(draw(st.integers(0, 24)))
    ]
    if draw(st.booleans()):
        rows.insert(0, [draw(names) for _ in range(width)])
    else:
        rows.insert(
            0,
            [draw(numbers.filter(lambda n: len(n) > 8)) if at == place % width else draw(words) for at in range(width)],
        )
    blank = [""] * draw(st.integers(0, 2))
    return "\n".join([*blank, *(";".join(row) for row in rows)]) + "\n"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ordinary(), st.sampled_from(["", ";"]))
@example("Client;Client\nSMS;Mobile\n0612345678;\n", ";")
def test_an_ordinary_file_is_guessed_exactly_as_ever(tmp_path: Path, text: str, separator: str) -> None:
    table = read(tmp_path, text, separator)
    assert guess_header(table) == as_ever(table)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ordinary(),
    st.lists(
        st.sampled_from(["Fichier clients - juin 2026", "Export du;12/06/2026", "", ";;", "Club de tir de Bruz"]),
        min_size=1,
    ),
)
def test_titles_never_make_a_number_the_header(tmp_path: Path, text: str, titles: list[str]) -> None:
    """Whatever stands above, no row with a number or an address is taken for the names, and none outside the file."""
    table = read(tmp_path, "\n".join([*titles, text]))
    header = guess_header(table)
    said = dict(table.first)
    assert header in {0, *said}
    assert not any(
        cell in said.get(header, ()) for cell in ("0612345678", "06 87 65 43 21", "+33 6 12 34 56 78", "a@x.fr")
    )


def test_the_choice_of_an_earlier_version_is_understood() -> None:
    """Once it was whether the first row names the columns."""
    kept = {"encoding": "utf-8", "separator": ";", "sheet": ""}
    assert Reading.of_json({**kept, "header": True}) == Reading("utf-8", ";", 1)
    assert Reading.of_json({**kept, "header": False}) == Reading("utf-8", ";", 0)
    assert Reading.of_json({**kept, "header": None}).header is None
    assert Reading.of_json({**kept, "header": 4}).header == 4
