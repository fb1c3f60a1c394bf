#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the selftests on this machine, as root, one after the other, and judges
# each by its results and by its exit status: either alone can lie. A program
# can die before its first result, or stop half way; the status of one can mean
# "skipped" or "expected failure" to kselftest's own runner, which is green.

usage()
{
	cat <<-'END'
	usage: run.sh [TEST]...

	Runs the tests that the file "tests" beside this script lists, or those named (abi, poolctl.sh,
	...), shows their TAP, and ends with a line "N passed, N failed, N skipped" that counts test cases.

	  WHICH   of all tests: "kernel" leaves out those of the file tests-of-programs, which
	          are about those and what they say; "races" runs those of tests-of-races, in which many do
	          something at a time (default: all)
	  OUT     folder for TEST.tap, the output of each test (default: none is kept)
	  LIMIT   seconds that one test may take (default 60, more on a slow kernel)
	  MPDEMO_SLOW    how many times slower than others this kernel is (default: 8 with KASAN or
	                 KCSAN, 3 as a program, else 1); tests divide by it how often they do what they repeat
	  MPDEMO_KERNEL  the name by which allowed-skips knows this kernel (default "other";
	                 tools/vm/run sets it)

	Exit status: 0 if none failed and none was skipped without leave, see allowed-skips;
	1 otherwise.
	END
}

case ${1-} in
-h|--help)
	usage
	exit 0
	;;
-*)
	usage >&2
	exit 1
	;;
esac

dir=$(cd "$(dirname "$0")" && pwd) || exit 1
if [ -z "${MPDEMO_SLOW-}" ]; then
	MPDEMO_SLOW=1
	if [ -e /sys/kernel/debug/kmemleak ] || [ -e /sys/kernel/debug/kcsan ]; then
		MPDEMO_SLOW=8
	elif grep -q 'User Mode Linux' /proc/cpuinfo; then
		# Of system calls and interrupts that is true.
		MPDEMO_SLOW=3
	fi
fi
export MPDEMO_SLOW
kernel=${MPDEMO_KERNEL:-other}
work=$(mktemp -d "${TMPDIR:-/tmp}/selftests.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
if [ -n "${OUT-}" ]; then
	mkdir -p "$OUT" || exit 1
fi

# Last is the one that takes the module away from all others.
all_tests()
{
	case ${WHICH:-all} in
	all) cat "$dir/tests" ;;
	kernel) grep -vxF -f "$dir/tests-of-programs" "$dir/tests" ;;
	races) grep -xF -f "$dir/tests-of-races" "$dir/tests" ;;
	*)
		echo "# WHICH=$WHICH: is not all, kernel or races" >&2
		return
		;;
	esac > "$work/tests"
	grep -vx module "$work/tests"
	grep -x module "$work/tests"
}

# Bad lines of a TAP stream to stderr; "PASSED FAILED SKIPPED" to stdout.
judge()		# TEST STATUS < TAP
{
	awk -v test="$1" -v status="$2" -v kernel="$kernel" -v allowed="$dir/allowed-skips" '
	function bad(text)
	{
		printf "# %s: %s\n", test, text > "/dev/stderr"
		failed++
	}
	# Lines of KERNELS TEST REASON, see there.
	function may_skip(reason,	line, word, begin, yes)
	{
		while (!yes && (getline line < allowed) > 0) {
			if (split(line, word, " ") < 3 || word[2] != test)
				continue
			begin = substr(line, length(word[1] " " word[2] " ") + 1)
			yes = index("," word[1] ",", "," kernel ",") && index(reason, begin) == 1
		}
		close(allowed)
		return yes
	}
	/^1\.\.[0-9]+/ {
		if (plans++)
			bad("more than one plan")
		plan = substr($1, 4) + 0
		if (plan == 0 && match($0, /# SKIP/))
			whole = substr($0, RSTART + 7)
		next
	}
	/^(ok|not ok)( |$)/ {
		results++
		number = $1 == "ok" ? $2 : $3
		if (number + 0 != results)
			bad("result " number " where " results " should be")
		if ($1 == "not") {
			failed++
			said_failed++
		} else if (match($0, /# SKIP/)) {
			reason = substr($0, RSTART + 7)
			if (may_skip(reason))
				skipped++
			else
				bad("skipped: " reason)
		} else if (/# (XFAIL|TODO)/) {
			bad("passed as an expected failure: " $0)
		} else {
			passed++
		}
	}
	/^Bail out!/ {
		bad($0)
	}
	END {
		if (status == 126 && !results && test ~ /_32$/)
			whole = "this kernel runs no 32-bit programs"
		if (whole != "") {
			if (may_skip(whole))
				skipped++
			else
				bad("skipped: " whole)
		} else if (!results) {
			bad("no result, exit status " status)
		} else if (plans != 1 || plan != results) {
			bad("plan of " plan ", " results + 0 " results")
		} else if (status != 0 && !said_failed) {
			bad("exit status " status " though nothing failed")
		} else if (status == 0 && said_failed) {
			bad("exit status 0 though something failed")
		}
		print passed + 0, failed + 0, skipped + 0
	}'
}

# Runs one test into $work/tap and to stdout, and sets $status. A process that a
# test leaves behind would keep the pipe open, so there is an end to waiting.
run_test()	# TEST
{
	tries=100

	# A script may say that it needs more.
	seconds=$(sed -n 's/^# LIMIT: \([0-9]*\) seconds.*/\1/p;20q' "$dir/$1" 2>/dev/null | tr -d '\0')
	limit=${LIMIT:-$((${seconds:-60} * MPDEMO_SLOW))}
	rm -f "$work/pipe"
	mkfifo "$work/pipe" || exit 1
	tee "$work/tap" < "$work/pipe" &
	tee_pid=$!
	(cd "$dir" && exec timeout -s KILL "$limit" "./$1") < /dev/null > "$work/pipe" 2>&1
	status=$?
	while kill -0 $tee_pid 2>/dev/null && [ $tries -gt 0 ]; do
		sleep 0.02
		tries=$((tries - 1))
	done
	left=
	if [ $tries -eq 0 ]; then
		kill $tee_pid
		left=y
	fi
	wait $tee_pid 2>/dev/null
}

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(all_tests)
passed=0 failed=0 skipped=0 bad_tests=
for test; do
	echo "# selftest: $test"
	if [ ! -x "$dir/$test" ]; then
		echo "# $test: there is no such test"
		failed=$((failed + 1))
		bad_tests="$bad_tests $test"
		continue
	fi
	before=$(date +%s)
	run_test "$test"
	case $status in
	124|137) echo "# $test: killed, after $limit s or by somebody else" ;;
	esac
	counts=$(judge "$test" $status < "$work/tap") || counts='0 1 0'
	echo "# $test: $(($(date +%s) - before)) s"
	p=${counts%% *} s=${counts##* } f=${counts#* }
	f=${f% *}
	if [ -n "$left" ]; then
		echo "# $test: left processes behind"
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || bad_tests="$bad_tests $test"
	[ -z "${OUT-}" ] || cp "$work/tap" "$OUT/$test.tap"
done

[ -z "$bad_tests" ] || echo "# failed:$bad_tests"
echo "$passed passed, $failed failed, $skipped skipped" | tee ${OUT:+"$OUT/summary"}
[ $failed -eq 0 ] && [ $passed -gt 0 ]
