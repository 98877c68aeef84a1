"""What tests read of a store of faces, which is a plain SQLite database."""

import sqlite3


def rows(store, query):
    """The answer to a query, a dictionary a row."""
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(query)]
    finally:
        database.close()


def faces(store):
    return rows(store, "SELECT * FROM faces JOIN files ON files.id = faces.id >> 24 "
                       "JOIN crops ON crops.id = faces.id ORDER BY faces.id")


def everything(store):
    """All that a store says of files and faces, in an order that is always the same."""
    return [sorted(map(repr, found)) for found in (
        rows(store, "SELECT * FROM files"), faces(store))]


def change(store, statement):
    with sqlite3.connect(store) as database:
        database.execute(statement)
    database.close()
