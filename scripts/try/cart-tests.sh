say "reading src/cart.js" 1
say "writing test/cart.test.js" 2
mkdir -p test
cat > test/cart.test.js <<'T'
import assert from "node:assert/strict";
import { total } from "../src/cart.js";
assert.equal(total([{ price: 250, count: 2 }]), 500);
assert.equal(total([]), 0);
T
say "running the tests" 1
sum "Added a test for the cart: two cases."
