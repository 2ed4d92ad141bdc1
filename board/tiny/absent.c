/* absent: what this board leaves out (board.mk), as far as the rest of the program names it: it says so. */
#include "app/adminlog.h"
#include "app/adminpage.h"
#include "main/cmd.h"
#include "main/say.h"

static int
absent(const struct flags *a, const char *instead)
{
	say_errf("mcpgated %s: not in this build, which is for small boxes: %s\n", a->command, instead);
	return EXIT_FAILED;
}

int
cmd_demo(struct flags *a)
{
	return absent(a, "it holds no API of its own. `mcpgated init` writes a configuration for one of yours.");
}

int
cmd_lint(struct flags *a)
{
	return absent(a, "any other board judges the same document or catalog.");
}

int
cmd_doctor(struct flags *a)
{
	say_errf("mcpgated %s: not in this build, which is for small boxes: run another build of it on a larger machine, "
	         "`mcpgated doctor URL`.\n", a->command);
	return EXIT_FAILED;
}

#define ABSENT(handler)                                                                                     \
	enum step handler(struct exchange *x, msec now)                                                     \
	{                                                                                                   \
		return reply_error(x, 501, "this page is not in this build, which is for small boxes: "     \
		                           "the commands on its console do the same (mcpgated help)");      \
	}

ABSENT(adminpage_people)
ABSENT(adminpage_invite)
ABSENT(adminpage_person)
ABSENT(adminpage_change)
ABSENT(adminpage_teams)
ABSENT(adminpage_team)
ABSENT(adminpage_clients)
ABSENT(adminpage_client)
ABSENT(adminpage_credentials)
ABSENT(adminpage_credential)
ABSENT(adminlog_page)
