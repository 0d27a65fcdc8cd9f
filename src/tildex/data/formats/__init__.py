"""File formats: numbers, tables, archives."""
