say "reading src/users.js" 1
say "2 columns could be the old id" 2
printf 'Columns looked at: user_id, legacy_id\n' > migration-notes.md
echo '{"copse":"question","text":"Which column keeps the old id?","options":["user_id","legacy_id"]}'
exit 5
