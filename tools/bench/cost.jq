# SPDX-License-Identifier: GPL-2.0
#
# What a row of "poolctl bench --save" has cost, for the tables of the documents.

def cost: .net_min_per_operation // .gross_min_per_operation;

# The row that costs least, null if there is none.
def least: map(select(cost != null)) | min_by(cost);

# For a table, of a row that may be missing.
def figure: if . == null then "-" else cost * 10 | round / 10 end;
