"""Contacts in bulk: the keys made by the column are those that `folding.py` makes for one contact."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.contacts.bulk import NAMES, with_keys
from smsapp.contacts.folding import search_text, sort_name

cells = st.one_of(
    st.text(st.sampled_from("abÉé ßŒœİı’'%\\  \u0301\u00a0\tZ9@."), max_size=8),
    st.text(max_size=6).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    st.just("Lebreton " * 60),
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(10**9, 10**12), cells, cells, cells, cells), max_size=8))
def test_the_keys_of_a_column_are_those_of_one_contact(people: list[tuple[int, str, str, str, str]]) -> None:
    schema = {"e164": pl.Int64, **dict.fromkeys(NAMES, pl.String)}
    made = with_keys(pl.DataFrame(people, schema=schema, orient="row"))
    assert made["sort_name"].to_list() == sorted(made["sort_name"].to_list(), key=str.encode)
    for e164, nom, prenom, email, societe, first, found in made.rows():
        assert first == sort_name(nom, prenom, societe)
        assert found == search_text(e164, nom, prenom, societe, email)
