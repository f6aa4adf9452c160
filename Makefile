# SPDX-License-Identifier: Apache-2.0
# Thin: each target names the tool that does the work. `make help` lists them.
# Debian 12's base, git and make are enough to begin with; `setup` brings the rest as packages.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=
BUILD := build
COMPLETIONS := share/bash-completion/completions/tetra share/zsh/vendor-completions/_tetra \
	share/fish/vendor_completions.d/tetra.fish
VERSION = $(shell sed -n "s/^\tversion: '\(.*\)',/\1/p" meson.build)

BUILD_PACKAGES := gcc libc6-dev meson ninja-build pkg-config clang-19 bpftool libbpf-dev \
	libelf-dev zlib1g-dev libyaml-dev libnghttp2-dev libmicrohttpd-dev libssl-dev libjansson-dev libprotobuf-c-dev libarchive-dev \
	protobuf-c-compiler protobuf-compiler libprotobuf-dev libpcre2-dev
PACKAGE_PACKAGES := dpkg-dev debhelper fakeroot
CHECK_PACKAGES := $(PACKAGE_PACKAGES) qemu-system-x86 busybox-static cpio xz-utils kmod jq libcmocka-dev \
	clang-format-19 libclang-rt-19-dev llvm-19 universal-ctags python3 python3-grpcio python3-protobuf \
	iproute2 libcap2-bin util-linux procps bsdutils prometheus bats bash zsh fish mandoc man-db groff-base openssl \
	curl lintian systemd rsyslog

.PHONY: all setup setup-check run check fuzz-policy bench install deb tarball setup-package clean format measure help
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja: | setup
	@mkdir -p $(BUILD)
	@meson setup $(BUILD) >$(BUILD)/meson-setup.log 2>&1 || { cat $(BUILD)/meson-setup.log >&2; exit 1; }

setup:			## install the packages that the build needs
	@tools/setup $(BUILD_PACKAGES)

setup-check:		## install what the tests need, kernels included
	@tools/setup $(BUILD_PACKAGES) $(CHECK_PACKAGES)
	@tools/kernels 6.1 >/dev/null
	@tools/kernels 6.12 >/dev/null

run: all		## start the agent and stream events until Ctrl-C (RUN_SECONDS=10 ends by itself)
	@tools/run $(BUILD)

check: setup-check all	## everything: unit, sanitizers, e2e on three kernels
	@tools/testall $(BUILD)

# SEED=N, and ROUNDS=N or SECONDS=N; one round of a seed that failed is SEED=... ROUNDS=1.
fuzz-policy: all	## random policies against a plain interpreter
	@tests/random/run $(BUILD) --seed $(or $(SEED),$(shell date +%s)) $(if $(ROUNDS),--rounds $(ROUNDS),--seconds $(or $(SECONDS),60))

bench: all		## the figures that docs/testing.md explains
	@tests/bench/run $(BUILD)

install: all		## DESTDIR and PREFIX are honoured
	@install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR)
	@install -d $(DESTDIR)$(PREFIX)/lib/tetragon/tetragon.conf.d
	@install -d $(DESTDIR)/etc/tetragon/tetragon.conf.d $(DESTDIR)/etc/tetragon/tetragon.tp.d
	@install -d -m 0750 $(DESTDIR)/var/log/tetragon
	@install -m 0755 $(BUILD)/tetrad $(DESTDIR)$(SBINDIR)/
	@install -m 0755 $(BUILD)/tetra $(DESTDIR)$(BINDIR)/
	@ln -sfnr $(DESTDIR)$(SBINDIR)/tetrad $(DESTDIR)$(BINDIR)/tetragon
	@install -m 0644 deploy/conf.d/* $(DESTDIR)$(PREFIX)/lib/tetragon/tetragon.conf.d/
	@sed 's,@BINDIR@,$(BINDIR),' deploy/systemd/tetragon.service.in >$(BUILD)/tetragon.service
	@install -m 0644 $(BUILD)/tetragon.service $(DESTDIR)$(UNITDIR)/
	@install -d $(addprefix $(DESTDIR)$(PREFIX)/,share/man/man1 share/man/man8 $(dir $(COMPLETIONS)))
	@$(BUILD)/tetra man $(DESTDIR)$(PREFIX)/share/man/man1
	@install -m 0644 $(BUILD)/tools/tetrad.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	@ln -sfn tetrad.8 $(DESTDIR)$(PREFIX)/share/man/man8/tetragon.8
	@$(BUILD)/tetra completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tetra
	@$(BUILD)/tetra completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_tetra
	@$(BUILD)/tetra completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tetra.fish

deb: setup-package	## a Debian package, in build/deb
	@deploy/deb/build $(BUILD)/deb $(VERSION) $(BUILD_PACKAGES)

tarball: all		## a tarball in upstream's layout, in build/
	@deploy/tarball/build $(BUILD) $(VERSION)

setup-package: setup
	@tools/setup $(PACKAGE_PACKAGES)

format:			## let clang-format-19 lay out every C file
	@git ls-files -co --exclude-standard '*.c' '*.h' ':!tests/tools/bad' | xargs -r clang-format-19 -i

measure: all		## the bars of the house style
	@tools/measure

clean:
	@rm -rf --one-file-system $(BUILD) $(BUILD)-asan $(BUILD)-fuzz

help:
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16
