say "reading src/cart.js" 1
mkdir -p docs
printf '# API\n\n' > docs/api.md
say "writing docs/api.md" 2
printf '`total(items)`: the price of a cart, in cents.\n\n' >> docs/api.md
say "reading src/users.js" 1
printf '`find(id)`: a user, or undefined.\n' >> docs/api.md
sum "Wrote docs/api.md: two functions, their parameters and results."
