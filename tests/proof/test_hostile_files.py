"""A short storm of mutated files: the long one is ``python -m tests.proof.hostile_files``."""

from tests.proof.hostile_files import storm


def test_p19_p21_mutated_files_are_read_or_refused_with_a_reason() -> None:
    figures, wrong = storm(40, seed=7)
    assert wrong == [], figures
