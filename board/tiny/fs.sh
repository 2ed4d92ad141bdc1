# What tiny has less of fs/: run in a copy of it. The help says so where somebody would look for it.
set -e
rm -rf demo help/doctor.txt pages/admin_audit.html pages/admin_clients.html pages/admin_credentials.html pages/admin_people.html \
	pages/admin_person.html pages/admin_teams.html
sed -e 's/^  demo  .*/  demo      not in this build, which is for small boxes/' \
	-e 's/^  doctor  .*/  doctor    not in this build: `mcpgated doctor URL` from a larger machine/' -e 's/^Start with `mcpgated demo`/Start with `mcpgated init`/' \
	help/mcpgated.txt >help/new
mv help/new help/mcpgated.txt
cat >help/demo.txt <<'END'
usage: mcpgated demo

Not in this build: it is for small boxes and holds no API of its own. `mcpgated init` writes a configuration for one
of yours.
END
