#!/bin/sh
# Spends more and more, works on a file meanwhile, leaves a child, and never ends by itself.
cat > /dev/null
setsid sleep 300 &
echo begun > work.txt
for n in 1 2 3 4 5 6 7 8; do
  echo "{\"copse\":\"cost\",\"usd\":0.$n}"
  echo "$n" >> work.txt
  sleep 0.2
done
sleep 300
