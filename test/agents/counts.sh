#!/bin/sh
# Writes down when it starts and when it ends, in one file for all: one line is one write, so the order of the lines is the order of the deeds.
cat > /dev/null
echo "start $COPSE_LABEL $PWD" >> "$COUNT_FILE"
sleep "${COUNT_SECONDS:-0.05}"
echo "$COPSE_LABEL" > mine.txt
echo "end $COPSE_LABEL $PWD" >> "$COUNT_FILE"
