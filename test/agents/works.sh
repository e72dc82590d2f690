#!/bin/sh
# Does some work: writes a file, says so.
cat > /dev/null
echo '{"copse":"activity","text":"scanning src/api/"}'
sleep "${WORK_SECONDS:-0.1}"
echo "by $COPSE_LABEL" > "${WORK_FILE:-result.md}"
echo '{"copse":"summary","text":"Wrote the result."}'
