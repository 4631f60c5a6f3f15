"""Plans, jobs, overwriting, verification and the journal; knows no screen."""
