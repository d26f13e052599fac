"""Transactions -> one row of numbers per customer, computed in SQL."""
