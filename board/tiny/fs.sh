# What tiny has less of fs/: run in a copy of it. The help says so where somebody would look for it.
set -e
rm -rf demo help/doctor.txt text/ru.txt pages/admin_audit.html pages/admin_clients.html pages/admin_credentials.html pages/admin_people.html \
	pages/admin_person.html pages/admin_teams.html
for file in help/config/*.txt; do # what each option means is in the README, and in the help of every other board
	sed -n 's/^config: .*/&/p' "$file" >help/new && mv help/new "$file"
done
sed -e 's/^  demo  .*/  demo      not in this build, which is for small boxes/' -e 's/^  import  .*/  import    take a catalog that another machine made of an API document/' \
	-e 's/^  doctor  .*/  doctor    not in this build: `mcpgated doctor URL` from a larger machine/' \
	-e 's/^  lint  .*/  lint      not in this build/' \
	-e 's/^Start with `mcpgated demo`/Start with `mcpgated init`/' \
	help/mcpgated.txt >help/new
mv help/new help/mcpgated.txt
cat >help/demo.txt <<'END'
usage: mcpgated demo

Not in this build: it is for small boxes and holds no API of its own. `mcpgated init` writes a configuration for one
of yours.
END
printf 'usage: mcpgated lint\n\nNot in this build: any other board judges the same document or catalog.\n' >help/lint.txt
