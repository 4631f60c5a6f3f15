# The live image; the Makefile includes this file.
BOOT_TESTS ?= image main_job touch power_cut serial copied_stick stick_back zoo
.PHONY: image image-compare boot-test stick

image: ## build/ardoise-VERSION-amd64.iso, as root or with sudo
	@image/build

image-compare: ## build once more from the packages on and compare, byte by byte
	@image/compare

boot-test: packages $(VENV)/ready ## as root: start the built ISO in QEMU (BIOS, Secure Boot, 32-bit UEFI) and do the main job in it
	$(BIN)/python -m pytest $(BOOT_TESTS:%=tests/boot/boot_%.py) -p no:xdist -q --durations=0 $(AGAIN)

stick: ## write the image to a removable device: make stick DEV=/dev/sdX
	@image/stick "$(DEV)"
