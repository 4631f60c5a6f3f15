# Faulty drives in a User Mode Linux guest; the Makefile includes this file.
LAB_TESTS ?= grid power_cuts
GUESTS ?= 4
.PHONY: lab

lab: packages $(VENV)/ready ## the engine on faulty drives in a User Mode Linux guest, into docs/faults.md (root or sudo for the first time)
	@mkdir -p build/lab
	@tests/lab/guest/kernel >build/lab/kernel
	@tests/lab/guest/root >build/lab/root
	$(BIN)/python -m pytest tests/lab/lab_many.py -p no:xdist -q
	$(BIN)/python -m pytest $(LAB_TESTS:%=tests/lab/lab_%.py) -n $(GUESTS) -q --timeout=600 --durations=5
	$(BIN)/python -m tests.lab.page
