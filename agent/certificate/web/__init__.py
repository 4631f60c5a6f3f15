"""verify.html: the verifier as one page that needs no program and no network (docs/verifiers.md)."""
