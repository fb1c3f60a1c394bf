# SPDX-License-Identifier: GPL-2.0
#
# Documents of "poolctl bench --save", as an array, to parts of the page: "facts", "objects", "systems"
# and "memory", as $part says. All that comes from a document is escaped.

def number: if . == null then "–" elif . >= 1000 then round | tostring
	    else . * 10 | round / 10 | tostring end;

# In the binary units of the sizes beside it.
def bytes: if . == null then "–" elif . >= 1048576 then "\(. / 1048576 * 10 | round / 10)M"
	   elif . >= 1024 then "\(. / 1024 * 10 | round / 10)K" else tostring end;

def fact($name; text): "<dt>\($name)</dt><dd>\(text | tostring | @html)</dd>";

def init: if . == null then "as the kernel was built (not on its command line)" else tostring end;

# What else a document of the same machine was measured with is said with it.
def machine($plural):
	"<dl class=\"facts\">"
	+ fact("Kernel"; "Linux \(.machine.kernel)")
	+ fact("CPUs"; "\(.machine.cpus_online), \(.machine.cpu_model)")
	+ fact("Hypervisor"; .machine.hypervisor)
	+ fact("Instrument"; .instrument)
	+ fact("Clock"; .machine.clocksource
	       + ([.rows[] | select(.clock_step)] | if length > 0
		  then ", shortest step \(map(.clock_step) | min), two readings \(map(.clock) | min)"
		  else "" end))
	+ fact("init_on_alloc"; .machine.init_on_alloc | init)
	+ fact("Operations"; "up to \([.rows[].operations] | max) in a round, \(.rows[0].rounds) rounds")
	# Where the clock counts instructions it does not know what day it is.
	+ (if .instrument == "ns" then fact("Measured"; .time) else "" end)
	+ (if $plural then fact("Suites"; [.rows[].suite] | unique | join(", ")) else "" end)
	+ "</dl>";

def facts: (length > 1) as $plural | map(machine($plural)) | join("\n");

# The first job of a suite is that of all suites, with their own parameters.
def own_rows: [.[] | .rows | group_by(.suite)[] | (map(.job) | min) as $job | .[] | select(.job == $job)];

# Suites of single objects, and those that are like systems.
def objects: [["micro", 1], ["micro", 100], ["bullets", 500], ["remote", 1], ["remote", 100], ["sizes", null]];
def systems: [["http", null], ["connections", null], ["chat", null], ["percpu", null]];

def of_column($column): map(select(.suite == $column[0] and ($column[1] == null or .batch == $column[1])));

def heading($column): "\($column[0])\(if $column[1] and $column[0] != "bullets" then " × \($column[1])" else "" end)";

def workloads($those):
	own_rows as $all
	| ($all | map(select(.allocator != "empty" and .net_median_per_operation != null))) as $rows
	| [$those[] | . as $column | select($rows | of_column($column) | length > 0)] as $columns
	| [$columns[] | . as $column | $rows | of_column($column) | map(.net_median_per_operation) | min] as $least
	| [$columns[] | . as $column | $all | of_column($column)[0].unit] as $units
	| ([$columns[] as $column | $rows | of_column($column)[]]) as $shown
	| reduce $shown[] as $row ([]; if index([[$row.allocator, $row.variant]]) then .
				      else . + [[$row.allocator, $row.variant]] end)
	| "<table><thead><tr><th>Allocator</th>"
	  + ([range($columns | length) | "<th>\(heading($columns[.]) | @html)<br>\($units[.] | @html)</th>"] | join(""))
	  + "</tr></thead><tbody>"
	  + (map(. as $name | "<tr><td>\($name | join(", ") | @html)</td>"
		 + ([range($columns | length) as $i
		     | ($rows | of_column($columns[$i])
			| map(select([.allocator, .variant] == $name))[0].net_median_per_operation) as $cost
		     | if $cost != null and $cost == $least[$i] then "<td class=\"least\">\($cost | number)</td>"
		       else "<td>\($cost | number)</td>" end] | join(""))
		 + "</tr>") | join("\n"))
	  + "</tbody></table>";

def memory:
	own_rows | map(select(.memory_used != null and .allocator != "empty"))
	| if length == 0 then "" else
	  "<table><thead><tr><th>Suite</th><th>Allocator</th><th>Batch</th><th>Requested</th><th>Used</th>"
	  + "<th>Used / requested</th></tr></thead><tbody>"
	  + (map("<tr><td>\(.suite | @html)</td><td>\("\(.allocator), \(.variant)" | @html)</td><td>\(.batch | @html)</td>"
		 + "<td>\(.memory_requested | bytes)</td><td>\(.memory_used | bytes)</td>"
		 + "<td>\(if .memory_requested > 0 then .memory_used / .memory_requested | number else "–" end)</td></tr>")
	     | join("\n"))
	  + "</tbody></table>" end;

if $part == "facts" then facts elif $part == "objects" then workloads(objects) elif $part == "systems" then workloads(systems) else memory end
