"""verify.html in a real browser: run by `make browser-test`."""
