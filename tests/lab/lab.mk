# Faulty drives in a User Mode Linux guest; the Makefile includes this file.
GUESTS ?= 4
LAB = $(BIN)/python -m pytest -q --timeout=600 --durations=5 $(AGAIN)
QUICK := random-full or power_cut[1] or power_cut[6] or power_cut[11] or power_cut[22] or power_cut[29]
.PHONY: lab lab-own lab-models lab-overwrite lab-quick lab-guest
SHIM := build/lab/mmc_shim.so
MODELS := tests/lab/lab_models.py tests/lab/lab_emmc.py tests/lab/lab_drive_power.py
# A page is of one run: what an earlier one measured goes, unless only what failed is done again.
ANEW = $(if $(AGAIN),,$(BIN)/python -m tests.lab.own_page --forget)
OWN := tests/lab/lab_own_erase.py tests/lab/lab_own_hidden.py tests/lab/lab_own_power.py tests/lab/lab_own_emmc.py

lab: lab-guest ## every technique of a drive's own with the real tools, on faulty drives and through power cuts, into docs/own-erases.md, in a User Mode Linux guest (root or sudo for the first time)
	$(ANEW)
	$(LAB) $(OWN) $(MODELS) -n $(GUESTS)
	$(BIN)/python -m tests.lab.own_page

lab-own: lab-guest ## the same without the tools on the drives' models by themselves
	$(ANEW)
	$(LAB) $(OWN) -n $(GUESTS)
	$(BIN)/python -m tests.lab.own_page

lab-models: lab-guest ## the real tools on the drives' models, compared with tests/lab/transcripts
	$(LAB) $(MODELS) -n $(GUESTS)

lab-overwrite: lab-guest ## overwriting on faulty drives, on twenty-four drives and through thirty-six power cuts, into docs/faults.md
	$(LAB) tests/lab/lab_many.py -p no:xdist
	$(LAB) tests/lab/lab_grid.py tests/lab/lab_power_cuts.py -n $(GUESTS)
	$(BIN)/python -m tests.lab.page

lab-quick: lab-guest ## every fault of an overwrite once, five power cuts
	$(LAB) tests/lab/lab_grid.py tests/lab/lab_power_cuts.py -n $(GUESTS) -k "$(QUICK)"

# The guest's libc is never older than this machine's: what is compiled here runs there.
$(SHIM): tests/lab/drives/mmc_shim.c
	@mkdir -p build/lab
	@sh .ci/packages gcc libc6-dev
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -o $@ $<

lab-guest: packages $(VENV)/ready $(SHIM)
	@sh .ci/packages iproute2
	@tests/lab/guest/kernel >build/lab/kernel
	@tests/lab/guest/root >build/lab/root
