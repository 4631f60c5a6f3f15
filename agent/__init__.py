"""What runs on the stick, and the auditor's verifier."""

__version__ = "0.1.0"
