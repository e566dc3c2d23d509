#!/bin/sh
# Halves every second price of a sum: a bad idea that the tests catch.
set -eu
sed 's/Some(sum + price)/Some(sum + if sum > 0 { price \/ 2 } else { price })/' src/lib.rs > lib.new
mv lib.new src/lib.rs
