"""The mutants fit the source, so that a guard that has moved is noticed here and not in an hour's run."""
import pytest

import mutants


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda m: m.name)
def test_a_mutant_finds_each_of_its_places_once(mutant):
    for name, text in mutants.changed(mutant, mutants.ROOT).items():
        assert text != (mutants.ROOT / name).read_text()
