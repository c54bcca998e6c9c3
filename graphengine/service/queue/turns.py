"""Whose turn it is: within a priority, owners go round, each one job a round, each in its own order.

An owner's queued jobs of one priority are a *line*. A line has the number of the next *round* in which it may
be served. The next is a line of the lowest round; after that its round is one higher. All lines that wait are
in one round or the next, and a line that comes (back) joins the current one: being away saves nothing up, and
coming one job at a time wins nothing. Of k owners each gets one job in k, whatever the order within a round;
that order is free for jobs whose models are loaded.

Everything is found by index: a claim costs the same with one owner or ten thousand.
"""

import sqlite3

from graphengine.service.database.writer import Transaction

LOOK_AHEAD = 64
"""How many jobs of the preferred weights are looked at for one whose turn it may be."""


def enter(transaction: Transaction, owner: str, priority: int, count: int = 1) -> None:
    """Let jobs join their line."""
    line = transaction.execute(
        "SELECT turn, queued, round FROM line WHERE owner = ? AND priority = ?", (owner, priority)
    ).fetchone()
    if line is not None and line["queued"]:
        transaction.execute("UPDATE line SET queued = queued + ? WHERE turn = ?", (count, line["turn"]))
        return
    transaction.execute(
        "REPLACE INTO line (turn, owner, priority, queued, round) VALUES ("
        " (SELECT coalesce(max(turn), 0) + 1 FROM line), :owner, :priority, :count,"
        " max(:round, (SELECT coalesce(max(round) - 1, 0) FROM line WHERE priority = :priority)))",
        {"owner": owner, "priority": priority, "count": count, "round": line["round"] if line is not None else 0},
    )


def leave(transaction: Transaction, owner: str, priority: int, count: int = 1) -> None:
    """Let jobs leave their line without having been served."""
    transaction.execute(
        "UPDATE line SET queued = queued - ? WHERE owner = ? AND priority = ?", (count, owner, priority)
    )


def serve(transaction: Transaction, prefer: str, overtakes: int) -> sqlite3.Row | None:
    """Return the job that goes next, taken out of its line, or None where nothing waits.

    Args:
        prefer: the weights that are loaded; in the current round, and within a line, their jobs may go first.
        overtakes: how often the first of a line is overtaken at most by another of the same line.
    """
    line = transaction.execute(
        "SELECT turn, owner, priority, round FROM line WHERE queued > 0 ORDER BY priority DESC, round, turn LIMIT 1"
    ).fetchone()
    if line is None:
        return None
    job = _head(transaction, line["priority"], line["owner"])
    if prefer and job["weights"] != prefer:
        job = _preferred(transaction, line, prefer, overtakes) or job
    transaction.execute(
        "UPDATE line SET queued = queued - 1, round = round + 1, turn = (SELECT max(turn) + 1 FROM line)"
        " WHERE owner = ? AND priority = ?",
        (job["owner"], job["priority"]),
    )
    return job


def forget_idle(transaction: Transaction) -> None:
    """Drop the lines in which nobody waits."""
    transaction.execute("DELETE FROM line WHERE queued = 0")


def _head(transaction: Transaction, priority: int, owner: str) -> sqlite3.Row:
    """Return the first job of a line that has some."""
    found: sqlite3.Row = transaction.execute(
        "SELECT * FROM job WHERE state = 'queued' AND priority = ? AND owner = ? ORDER BY rank LIMIT 1",
        (priority, owner),
    ).fetchone()
    return found


def _preferred(transaction: Transaction, line: sqlite3.Row, prefer: str, overtakes: int) -> sqlite3.Row | None:
    """Return the first job of these weights whose line is in the current round and lets it pass."""
    rows = transaction.execute(
        "SELECT job.* FROM (SELECT * FROM job WHERE state = 'queued' AND priority = :priority"
        "  AND weights = :weights AND weights <> '' ORDER BY rank LIMIT :most) AS job"
        " JOIN line ON line.owner = job.owner AND line.priority = job.priority"
        " WHERE line.round = :round ORDER BY job.rank",
        {"priority": line["priority"], "weights": prefer, "most": LOOK_AHEAD, "round": line["round"]},
    ).fetchall()
    tried: set[str] = set()
    for row in rows:
        if row["owner"] not in tried and _may_pass(transaction, row, overtakes):
            found: sqlite3.Row = row
            return found
        tried.add(row["owner"])
    return None


def _may_pass(transaction: Transaction, row: sqlite3.Row, overtakes: int) -> bool:
    """Return whether a job may go before the first of its line, and count it there."""
    head = _head(transaction, row["priority"], row["owner"])
    if head["seq"] == row["seq"]:
        return True
    if head["overtaken"] >= overtakes:
        return False
    transaction.execute("UPDATE job SET overtaken = overtaken + 1 WHERE seq = ?", (head["seq"],))
    return True
