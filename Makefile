# SPDX-License-Identifier: GPL-2.0
#
# For people: what can be done with this project. "make help" lists it.
# How it is done is in kmod/, tools/ and selftests/.

# Neither kbuild nor make itself can do with spaces in a path.
ifneq ($(words $(CURDIR)),1)
$(error the path of this folder must not contain spaces: $(CURDIR))
endif

# Where make and tools/vm/run put what they build.
O := $(CURDIR)/build

# Run in its own folder, where a relative KDIR would lead elsewhere.
kmod = $(MAKE) --no-print-directory -C kmod $(if $(KDIR),KDIR=$(abspath $(KDIR)))

# The Linux source that the headers of the tests are taken from.
KSFT = $(shell tools/vm/fetch source 6.1)/tools/testing/selftests

# The kernel of demo, test and shell: a name tools/vm/run knows, or a build tree.
KERNEL ?= 6.1

# Those of test-matrix, soak or fuzz; their own lists, where none is named.
KERNELS ?=

all: modules tools selftests

help:
	@echo 'On any x86-64 Debian machine, without headers of its kernel and without KVM:'
	@echo '  make demo       boot a VM, load the module, use it, show figures'
	@echo '  make test       boot a VM and run all tests in it'
	@echo '  make bench      a page with plots, build/bench/report/report.html, of the instructions that'
	@echo '                  they take on 7.3; KERNEL=7.3-uml: nanoseconds, in User Mode Linux'
	@echo '  make bench-insn count the instructions of all allocators in VMs of 7.3 and 6.12, and'
	@echo '                  judge them by the targets; BENCH_TWICE=1: twice, and compare'
	@echo '  make bench-uml  the same in nanoseconds of this machine, on 7.3 as User Mode Linux'
	@echo '  make bench-user count what libmpdemo costs a program, beside four mallocs,'
	@echo '                  and what SQLite and Lua cost with and without it'
	@echo '  make bench-examples  count what the servers of tools/examples cost with and without it'
	@echo '  make figures    measure what the documents show, and write it there'
	@echo '  make shell      boot a VM with the module and a shell in it'
	@echo '                  KERNEL=7.3-debug: another kernel than 6.1, see tools/vm/run --help;'
	@echo '                  bench-insn takes it too; INSN=1: its clock counts instructions'
	@echo '  make test-tutorial  follow Documentation/tutorial.rst, and compare what it shows'
	@echo '  make test-matrix  all tests on 6.1, 6.12, PREEMPT_RT and 7.3 (release, KASAN, KCSAN,'
	@echo '                  User Mode Linux); builds those of 7.3 first, some 15 minutes, once.'
	@echo '                  KERNELS="6.12-rt 7.3": those only'
	@echo '  make soak       torture the allocators for a long time, on 7.3 and 7.3-debug: in all'
	@echo '                  contexts, with NMIs and CPUs that go offline, and the servers of'
	@echo '                  tools/examples, whose clients are killed. SOAK_SECONDS=600 is'
	@echo '                  how long on each; KERNELS="6.12-rt 7.3": on those'
	@echo '  make fuzz       random calls beside a model that knows what must come of them, on'
	@echo '                  7.3-debug. FUZZ_SECONDS=3600 is how long, FUZZ_SEED= of what seed'
	@echo
	@echo 'For this machine:'
	@echo '  make            modules, tools and selftests'
	@echo '  make modules    for the running kernel; KVER=VERSION or KDIR=PATH: another'
	@echo '  make tools      poolctl and libmpdemo'
	@echo '  make examples   programs that use libmpdemo: servers of HTTP and of chat rooms'
	@echo '  make selftests  what "make test" runs'
	@echo '  make install    modules, poolctl, libmpdemo, the group of the device; DESTDIR=,'
	@echo '                  PREFIX=/usr/local; "make uninstall" with the same takes it away'
	@echo '  make install-user  the same but for the modules, so it needs no kernel headers'
	@echo '  make install-lib  libmpdemo alone, for programs'
	@echo '  make install-dkms  the sources of the modules, where dkms finds them'
	@echo '  make debs       Debian packages of all that, in build/debs'
	@echo '  make packages   install the Debian packages that all this needs'
	@echo
	@echo '  make docs       Documentation/ as HTML, into build/docs'
	@echo '  make man        the manual pages, into build/man; install-man installs them'
	@echo '  make check      style, static analysis and documentation of the source'
	@echo '  make check-debs  build the Debian packages, install them into a clean system, and'
	@echo '                  have dkms build for two kernels'
	@echo '  make clean      remove all that was built, but not the kernels that were'
	@echo '                  fetched or built (~/.cache/mempool_demo)'

modules:
	+@$(kmod) modules

tools:
	+@$(MAKE) --no-print-directory -C tools/poolctl O=$(O)/tools
	+@$(MAKE) --no-print-directory -C tools/lib O=$(O)/lib

examples:
	+@$(MAKE) --no-print-directory -C tools/lib O=$(O)/lib
	+@$(MAKE) --no-print-directory -C tools/examples O=$(O)/examples LIB=$(O)/lib

selftests:
	+@$(MAKE) --no-print-directory -C selftests O=$(O)/selftests LIB=$(O)/lib \
		EXAMPLES_O=$(O)/examples KSFT=$(KSFT)

packages:
	@tools/vm/packages

# These need packages before anything else can be asked for, hence the order.
demo: packages
	+@$(MAKE) --no-print-directory tools
	@tools/demo/demo --kernel $(KERNEL)

# On kernels of its own choice, unless somebody else than this file has chosen one.
bench: packages
	+@$(MAKE) --no-print-directory tools
	@tools/bench/report $(if $(filter-out file,$(origin KERNEL)),$(KERNEL))

bench-insn: packages
	+@$(MAKE) --no-print-directory tools
	@tools/bench/insn $(if $(filter-out file,$(origin KERNEL)),$(KERNEL))

bench-uml: packages
	+@$(MAKE) --no-print-directory tools
	@tools/bench/uml

# Measures, and writes the tables of README.md and Documentation/.
figures: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/bench/figures measure && tools/bench/figures fill && tools/docs/tutorial --write

bench-user: packages
	@tools/vm/packages --bench
	+@$(MAKE) --no-print-directory tools
	@tools/bench/user $(if $(filter-out file,$(origin KERNEL)),$(KERNEL))

bench-examples: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/bench/examples $(if $(filter-out file,$(origin KERNEL)),$(KERNEL))

test: packages
	+@$(MAKE) --no-print-directory tools selftests
	@rm -rf $(O)/test
	@tools/vm/run --kernel $(KERNEL) --timeout 900 --add $(O)/selftests --out $(O)/test \
		-- selftests/run.sh; status=$$?; \
		cat $(O)/test/summary 2>/dev/null; exit $$status

test-tutorial: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/docs/tutorial

test-matrix: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/vm/matrix $(KERNELS)

soak: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/soak/soak $(KERNELS)

fuzz: packages
	+@$(MAKE) --no-print-directory tools selftests
	@tools/fuzz/fuzz $(KERNELS)

# With the programs of tools/examples and tools/tutorial in /root/programs.
shell: packages
	+@$(MAKE) --no-print-directory tools
	+@$(MAKE) --no-print-directory -C tools/examples O=$(O)/examples LIB=$(O)/lib
	+@$(MAKE) --no-print-directory -C tools/tutorial O=$(O)/programs
	@find $(O)/examples -maxdepth 1 -type f -exec cp -t $(O)/programs {} +
	@tools/vm/run --kernel $(KERNEL) $(if $(INSN),--icount --cpus 4 --append init_on_alloc=0) --add $(O)/programs --shell

check: packages
	@tools/check/run

docs: packages
	@tools/docs/docs

man:
	+@$(MAKE) --no-print-directory -C tools/man O=$(O)/man

install-man:
	+@$(MAKE) --no-print-directory -C tools/man O=$(O)/man install

debs: packages
	@tools/packaging/debs

check-debs: packages
	@tools/packaging/check

install: modules install-user
	+@$(kmod) modules_install api_install INSTALL_MOD_PATH=$(DESTDIR)

# Manual pages are not worth a failure where there is no rst2man.
install-user: tools install-lib $(if $(shell command -v rst2man),install-man)
	+@$(MAKE) --no-print-directory -C tools/poolctl O=$(O)/tools install
	+@$(MAKE) --no-print-directory -C tools/packaging install
	@[ -n "$(DESTDIR)" ] || echo 'As root, for what runs: ldconfig; systemd-sysusers;' \
		'udevadm control --reload; udevadm trigger --subsystem-match=misc'

install-lib: tools
	+@$(MAKE) --no-print-directory -C tools/lib O=$(O)/lib install

install-dkms:
	+@$(MAKE) --no-print-directory -C tools/packaging install-dkms

# What was installed by dkms is dkms's to remove.
uninstall:
	+@$(kmod) modules_uninstall api_uninstall INSTALL_MOD_PATH=$(DESTDIR)
	+@$(MAKE) --no-print-directory -C tools/poolctl uninstall
	+@$(MAKE) --no-print-directory -C tools/lib uninstall
	+@$(MAKE) --no-print-directory -C tools/packaging uninstall
	+@$(MAKE) --no-print-directory -C tools/man uninstall

clean:
	rm -rf $(O)
	@# tools/vm keeps kernels in ~/.cache/mempool_demo; that is left alone.
	find kmod \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '.*.d' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name 'modules.order' \
		-o -name Module.symvers \) -delete

.PHONY: all help modules tools examples selftests packages demo bench bench-insn bench-uml \
	bench-user bench-examples figures test test-tutorial test-matrix soak fuzz shell check docs \
	man install-man debs check-debs \
	install install-user install-lib install-dkms uninstall clean
