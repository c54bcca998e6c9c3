"""What people prefer, from tables of what they said."""

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.server.rated import COLUMNS
from nodes.evaluation.ratings import Preferred, ratings

Told = Iterable[tuple[Any, ...]]


@pytest.fixture
def table(tmp_path: Path, file_of: Callable[[Path], File]) -> Callable[[Told], File]:
    """Write a table of stars (steps, stars) and of duels (steps, steps, better)."""

    def write(told: Told) -> File:
        path = tmp_path / "ratings.csv"
        with path.open("w", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS)
            rows.writeheader()
            for each in told:
                first, *second = [{"steps": steps, "prompt": 'ein "Haus", süß'} for steps in each[:-1]]
                row = {"first_title": "Haus", "first_inputs": json.dumps(first)}
                said = {"better": each[-1]} if second else {"stars": each[-1]}
                others = {"second_title": "Haus", "second_inputs": json.dumps(second[0])} if second else {}
                rows.writerow(row | said | others)
        return file_of(path)

    return write


def test_stars_are_averaged_by_group(table: Callable[[Told], File]) -> None:
    found = ratings(table([(20, 5), (4, 2), (20, 4), (4, 1)]), "steps")
    assert found == Preferred(["20", "4"], [4.5, 1.5], [0.5, 0.5], [2, 2])
    assert ratings(table([(20, 5), (4, 2)])) == Preferred(["Haus"], [3.5], [0.5], [2])


def test_who_wins_is_preferred_and_who_beats_winners_more(table: Callable[[Told], File]) -> None:
    duels = [*[(20, 8, "first")] * 4, (20, 8, "second"), *[(4, 8, "second")] * 4, (4, 8, "first"), (20, 4, "neither")]
    found = ratings(table(duels), "steps")
    by_name = dict(zip(found.names, found.preference, strict=True))
    assert by_name["20"] > by_name["8"] > by_name["4"]
    assert by_name["20"] > 0.6
    assert found.stars == [0.0, 0.0, 0.0]
    assert dict(zip(found.names, found.counts, strict=True)) == {"20": 6, "8": 10, "4": 6}


@pytest.mark.parametrize("won", [1, 3, 9])
def test_two_groups_have_the_strengths_that_can_be_worked_out(won: int, table: Callable[[Told], File]) -> None:
    """By symmetry the second is as weak as the first is strong: one equation is left of the model."""
    found = ratings(table([(1, 2, "first")] * won), "steps")
    first, second = found.preference
    assert first == pytest.approx(1 - second)
    strength = first / (1 - first)
    # the first is to win as often as it did: won + 1 of won against the second and 2 against the average
    assert won * strength**2 / (strength**2 + 1) + 2 * strength / (strength + 1) == pytest.approx(won + 1)


def test_equal_groups_are_average(table: Callable[[Told], File]) -> None:
    found = ratings(table([(1, 2, "first"), (2, 1, "first"), (1, 2, "neither"), (1, 1, "first")]), "steps")
    assert found.preference == pytest.approx([0.5, 0.5])
    assert found.counts == [3, 3]  # one beside itself tells nothing


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no table of ratings"),
        ("a,b\n1,2\n", "no table of ratings"),
        (",".join(COLUMNS) + "\n1,t,ann,five,,j,d,Haus,{}\n", "cannot be read"),
        (",".join(COLUMNS) + "\n1,t,ann,,best,j,d,Haus,{},j,d,Baum,{}\n", "row 2 is no rating"),
        (",".join(COLUMNS) + "\n1,t,ann\n", "row 2 is no rating"),
    ],
)
def test_other_tables_are_refused(content: str, said: str, tmp_path: Path, file_of: Callable[[Path], File]) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(NodeError, match=said):
        ratings(file_of(path))


def test_an_input_that_was_not_there_is_told(table: Callable[[Told], File]) -> None:
    with pytest.raises(NodeError, match="without an input 'cfg', only with: steps, prompt"):
        ratings(table([(20, 5)]), "cfg")
