/* The words of a command line against a table of options. */
#include "base/pack.h"
#include "main/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

/* What tools/pack makes of a folder help with a file try.txt: "usage: try\n". */
static const u8 packed[76] = "\0\32\0\0\30\0\0\20\0\0\200\5\0\0\50\21\200\1\200\5\0\0\110\104"
	"\0\0\0\124\125\65\25\10\0\0\0\0\4\0\372\177\1\0\0\0\253\114\13\103"
	"\314\320\234\312\370\202\146\126\217\334\164\14\62\0\147\206\106\15\173\154\12\66\323\200"
	"\240\73\0\2";
const struct pack_folder pack_folders[] = { { "help", packed, sizeof packed, 22 } };
const u32 pack_folders_n = 1;

static struct flags a;
static struct wanted {
	bool loud;
	const char *file;
	struct flags_many hosts;
} w;

static const struct flags_option options[] = {
	FLAGS_OPTION(struct wanted, file, "config", 'c'),
	FLAGS_OPTION(struct wanted, loud, "loud", 0),
	FLAGS_OPTION(struct wanted, hosts, "host", 0),
};
static const struct flags_table table = { options, ARRAY_N(options), 0, FLAGS_REST_MAX, "" };

/* Reads the words of a line. What is said on the way goes nowhere. */
static int
reads(const char *line)
{
	static char text[256];
	static char *word[32];
	int n = 0, quiet = open("/dev/null", O_WRONLY), out = dup(1), err = dup(2), code;

	snprintf(text, sizeof text, "%s", line);
	for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
		word[n++] = p;
	memset(&a, 0, sizeof a);
	memset(&w, 0, sizeof w);
	a = (struct flags){ .command = "try", .n = n, .word = word };
	dup2(quiet, 1);
	dup2(quiet, 2);
	code = flags_read(&a, &table, &w);
	dup2(out, 1);
	dup2(err, 2);
	close(quiet);
	close(out);
	close(err);
	return code;
}

static void
test_words_and_options_in_any_order(void **state)
{
	assert_int_equal(reads("one -c f.conf two --loud --host a --host=b three"), FLAGS_GO);
	assert_string_equal(w.file, "f.conf");
	assert_true(w.loud);
	assert_int_equal(w.hosts.n, 2);
	assert_string_equal(w.hosts.at[1], "b");
	assert_int_equal(a.rests, 3);
	assert_string_equal(a.rest[2], "three");
	assert_int_equal(reads(""), FLAGS_GO);
	assert_int_equal(a.rests, 0);
	assert_int_equal(reads("--config=x=y"), FLAGS_GO);
	assert_string_equal(w.file, "x=y");
	assert_int_equal(reads("- -- --loud -c"), FLAGS_GO);
	assert_false(w.loud);
	assert_int_equal(a.rests, 3);
	assert_string_equal(a.rest[1], "--loud");
}

static void
test_mistakes(void **state)
{
	assert_int_equal(reads("--lout"), EXIT_USAGE);
	assert_int_equal(reads("-x"), EXIT_USAGE);
	assert_int_equal(reads("-c"), EXIT_USAGE);
	assert_int_equal(reads("--config"), EXIT_USAGE);
	assert_int_equal(reads("--loud=yes"), EXIT_USAGE);
	assert_int_equal(reads("--host 1 --host 2 --host 3 --host 4 --host 5 --host 6 --host 7 --host 8 --host 9 --host 10 "
	                       "--host 11 --host 12 --host 13 --host 14 --host 15"), FLAGS_GO);
	assert_int_equal(w.hosts.n, 15);
}

static void
test_help(void **state)
{
	assert_int_equal(reads("one --help --nonsense"), EXIT_OK);
	assert_int_equal(reads("-h"), EXIT_OK);
	assert_true(str_is(flags_file("help/try.txt"), "usage: try\n"));
	assert_null(flags_file("help/none.txt").p);
	assert_null(flags_file("none/try.txt").p);
	assert_null(flags_file("help").p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_options_in_any_order),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
