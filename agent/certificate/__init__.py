"""Record bytes, signature, page, seal and verification; pure, also used by the registry and by auditors."""
