#!/bin/sh
# Notes its start and its end in $NOTES (appended, one line each), and lives until the file $GO exists.
cat > /dev/null
echo "start $COPSE_LABEL" >> "$NOTES"
while [ ! -e "$GO" ]; do sleep 0.03; done
echo "end $COPSE_LABEL" >> "$NOTES"
