"""Statements: lots, receipts, destruction records, acceptances, labels."""
