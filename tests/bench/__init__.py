"""Throw-away benches: recorded machines with sparse drives that carry real file systems holding real files."""
