"""What packs bring, as data: read by people and editors, and by processes that load no packs."""
