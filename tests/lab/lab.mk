# Faulty drives in a User Mode Linux guest; the Makefile includes this file.
GUESTS ?= 4
LAB = $(BIN)/python -m pytest -q --timeout=600 --durations=5 $(AGAIN)
QUICK := random-full or power_cut[1] or power_cut[6] or power_cut[11] or power_cut[22] or power_cut[29]
.PHONY: lab lab-quick lab-guest

lab: lab-guest ## the engine on faulty drives and through power cuts, in a User Mode Linux guest, into docs/faults.md (root or sudo for the first time)
	$(LAB) tests/lab/lab_many.py -p no:xdist
	$(LAB) tests/lab/lab_grid.py tests/lab/lab_power_cuts.py -n $(GUESTS)
	$(BIN)/python -m tests.lab.page

lab-quick: lab-guest ## every fault once, five power cuts
	$(LAB) tests/lab/lab_grid.py tests/lab/lab_power_cuts.py -n $(GUESTS) -k "$(QUICK)"

lab-guest: packages $(VENV)/ready
	@mkdir -p build/lab
	@tests/lab/guest/kernel >build/lab/kernel
	@tests/lab/guest/root >build/lab/root
