say "5 files looked at" 2
printf 'export const name = "shop";\n' > src/name.js
sum "One file was not formatted; it is now."
