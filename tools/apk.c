/* Writes a package for apk 3 (OpenWrt from 25.12, Alpine): an ADB of what the package is, then the bytes of its files.
 * usage: apk FOLDER [ID] <LIST        runs on the machine that builds; the package goes to standard output
 * The list has one thing a line, folders and files in the order of their bytes:
 *     info NAME VALUE        one field of the package (name, version, description, arch, license, ...)
 *     script NAME FILE       what runs when (post-install, pre-deinstall, ...)
 *     time SECONDS           when every file was changed
 *     dir MODE PATH          "." is the root; the files that follow lie in it
 *     file MODE SHA256 NAME
 * Without an ID only the ADB is written, its id left zero: SHA-256 of that, 20 bytes in hex, is the ID (the tool that calls
 * knows how to hash, this one does not). Nothing is signed: installing needs --allow-untrusted.
 * Source: apk-v3(5) and the schemas of apk-tools 3. All numbers are little-endian. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADB_MAX (256 * 1024)
#define ENTRIES_MAX 500
#define LINE_MAX_N 1000
#define ID_SIZE 20

enum { INT = 0x1, INT_32 = 0x2, BLOB_8 = 0x8, BLOB_16 = 0x9, BLOB_32 = 0xa, ARRAY = 0xd, OBJECT = 0xe };
enum { BLOCK_ADB = 0, BLOCK_DATA = 2 };
enum { INFO_ID = 3, INFO_SIZE = 12, INFO_N = 22, PACKAGE_INFO = 1, PACKAGE_PATHS, PACKAGE_SCRIPTS };

/* Fields by their place in the schema, from 1; those that are not for a list to say are unnamed. */
static const char *const info_name[INFO_N] = {
    [1] = "name", [2] = "version", [4] = "description", [5] = "arch", [6] = "license", [7] = "origin", [8] = "maintainer", [9] = "url",
};
static const char *const script_name[] = {
    "", "trigger", "pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade", "post-upgrade",
};
#define SCRIPTS_N (sizeof script_name / sizeof *script_name)

struct file {
	char path[LINE_MAX_N];
	uint32_t size, dir, at; /* place of its folder and in it, from 1 */
};

struct maker {
	const char *folder;
	uint8_t adb[ADB_MAX];
	uint32_t n, id_at; /* length; where the id lies */
	uint32_t info[INFO_N], script[SCRIPTS_N];
	uint32_t dir[ENTRIES_MAX], dirs, in_dir[ENTRIES_MAX], in_dirs;
	char dir_path[LINE_MAX_N];
	uint32_t dir_mode, time, installed;
	struct file file[ENTRIES_MAX];
	uint32_t files;
};

static void
die(const char *what, const char *of)
{
	fprintf(stderr, "apk: %s: %s\n", of, what);
	exit(1);
}

static void
le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t
room(struct maker *m, uint32_t n, uint32_t align)
{
	uint32_t at = (m->n + align - 1) / align * align;

	if (n > ADB_MAX || at > ADB_MAX - n)
		die("too much for one package", "ADB");
	m->n = at + n;
	return at;
}

static uint32_t
put_blob(struct maker *m, const void *bytes, uint32_t n)
{
	uint32_t head = n > 0xffff ? 4 : n > 0xff ? 2 : 1, at;
	uint8_t length[4];

	if (n == 0)
		return 0;
	at = room(m, head + n, head);
	le32(length, n);
	memcpy(m->adb + at, length, head);
	memcpy(m->adb + at + head, bytes, n);
	return (uint32_t)(head == 4 ? BLOB_32 : head == 2 ? BLOB_16 : BLOB_8) << 28 | at;
}

static uint32_t
put_text(struct maker *m, const char *text)
{
	return put_blob(m, text, (uint32_t)strlen(text));
}

static uint32_t
put_int(struct maker *m, uint32_t v)
{
	uint32_t at;

	if (v < 1u << 28)
		return (uint32_t)INT << 28 | v;
	at = room(m, 4, 4);
	le32(m->adb + at, v);
	return (uint32_t)INT_32 << 28 | at;
}

/* value[0] is not used: the count of slots goes there. Empty slots at the end are left out; all empty: nothing. */
static uint32_t
put_slots(struct maker *m, uint32_t type, const uint32_t *value, uint32_t n)
{
	uint32_t at;

	while (n > 1 && value[n - 1] == 0)
		n--;
	if (n <= 1)
		return 0;
	at = room(m, 4 * n, 4);
	le32(m->adb + at, n);
	for (uint32_t i = 1; i < n; i++)
		le32(m->adb + at + 4 * i, value[i]);
	return type << 28 | at;
}

static uint32_t
put_acl(struct maker *m, uint32_t mode)
{
	uint32_t acl[] = {0, put_int(m, mode), put_text(m, "root"), put_text(m, "root")};

	return put_slots(m, OBJECT, acl, 4);
}

static void
end_dir(struct maker *m)
{
	uint32_t dir[4] = {0};

	if (m->dir_path[0] == 0)
		return;
	if (m->dirs + 2 > ENTRIES_MAX)
		die("too many folders", m->dir_path);
	dir[1] = strcmp(m->dir_path, ".") == 0 ? 0 : put_text(m, m->dir_path);
	dir[2] = put_acl(m, m->dir_mode);
	dir[3] = put_slots(m, ARRAY, m->in_dir, m->in_dirs + 1);
	m->dir[++m->dirs] = put_slots(m, OBJECT, dir, 4);
	m->in_dirs = 0;
}

static uint8_t *
read_file(const char *path, uint32_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || n > 1 << 28 || fseek(f, 0, SEEK_SET) ||
	    !(bytes = malloc((size_t)n + 1)) || fread(bytes, 1, (size_t)n, f) != (size_t)n)
		die("cannot be read, or is too large", path);
	fclose(f);
	*size = (uint32_t)n;
	return bytes;
}

static void
hex(uint8_t *to, uint32_t n, const char *from)
{
	for (uint32_t i = 0; i < n; i++) {
		unsigned byte;

		if (sscanf(from + 2 * i, "%2x", &byte) != 1)
			die("not a hash in hex", from);
		to[i] = (uint8_t)byte;
	}
}

static void
add_file(struct maker *m, uint32_t mode, const char *hash, const char *name)
{
	struct file *f = &m->file[m->files];
	uint32_t file[6] = {0};
	uint8_t sum[32];

	if (m->dir_path[0] == 0 || m->files + 2 > ENTRIES_MAX || strlen(hash) != 64)
		die("no folder before it, one file too many, or not a SHA-256", name);
	if (snprintf(f->path, sizeof f->path, "%s/%s/%s", m->folder, m->dir_path, name) >= (int)sizeof f->path)
		die("too long a path", name);
	free(read_file(f->path, &f->size));
	hex(sum, sizeof sum, hash);
	f->dir = m->dirs + 1;
	f->at = ++m->in_dirs;
	m->files++;
	m->installed += f->size;
	file[1] = put_text(m, name);
	file[2] = put_acl(m, mode);
	file[3] = put_int(m, f->size);
	file[4] = put_int(m, m->time);
	file[5] = put_blob(m, sum, sizeof sum);
	m->in_dir[f->at] = put_slots(m, OBJECT, file, 6);
}

static uint32_t
place(const char *const *names, uint32_t n, const char *name)
{
	for (uint32_t i = 1; i < n; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	die("no such field or script", name);
	return 0;
}

static void
take_line(struct maker *m, char *line)
{
	char word[16], one[100], path[LINE_MAX_N];
	uint32_t size;
	int used = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%15s %99s %n", word, one, &used) != 2)
		die("what is meant?", line);
	line += used;
	if (strcmp(word, "info") == 0) {
		m->info[place(info_name, INFO_N, one)] = put_text(m, line);
	} else if (strcmp(word, "script") == 0) {
		uint8_t *text = read_file(line, &size);

		m->script[place(script_name, SCRIPTS_N, one)] = put_blob(m, text, size);
		free(text);
	} else if (strcmp(word, "time") == 0) {
		m->time = (uint32_t)strtoul(one, NULL, 10);
	} else if (strcmp(word, "dir") == 0) {
		end_dir(m);
		m->dir_mode = (uint32_t)strtoul(one, NULL, 8);
		strcpy(m->dir_path, line);
	} else if (strcmp(word, "file") == 0 && sscanf(line, "%99s %n", path, &used) == 1) {
		add_file(m, (uint32_t)strtoul(one, NULL, 8), path, line + used);
	} else {
		die("what is meant?", line);
	}
}

static void
end_adb(struct maker *m)
{
	uint32_t package[4] = {0};
	uint8_t id[ID_SIZE] = {0};

	end_dir(m);
	m->id_at = m->n + 1;
	m->info[INFO_ID] = put_blob(m, id, sizeof id);
	m->info[INFO_SIZE] = put_int(m, m->installed);
	package[PACKAGE_INFO] = put_slots(m, OBJECT, m->info, INFO_N);
	package[PACKAGE_PATHS] = put_slots(m, ARRAY, m->dir, m->dirs + 1);
	package[PACKAGE_SCRIPTS] = put_slots(m, OBJECT, m->script, SCRIPTS_N);
	le32(m->adb + 4, put_slots(m, OBJECT, package, 4));
}

/* A block: its kind and length, what it holds, zeros to the next multiple of eight. */
static void
write_block(uint32_t kind, const uint8_t *head, uint32_t head_n, const uint8_t *bytes, uint32_t n)
{
	static const uint8_t zeros[8];
	uint32_t all = 4 + head_n + n;
	uint8_t start[4];

	le32(start, kind << 30 | all);
	fwrite(start, 1, 4, stdout);
	fwrite(head, 1, head_n, stdout);
	fwrite(bytes, 1, n, stdout);
	fwrite(zeros, 1, (8 - all % 8) % 8, stdout);
}

static void
write_package(struct maker *m)
{
	fwrite("ADB.pckg", 1, 8, stdout);
	write_block(BLOCK_ADB, NULL, 0, m->adb, m->n);
	for (uint32_t i = 0; i < m->files; i++) {
		uint8_t head[8], *bytes;
		uint32_t size;

		if (m->file[i].size == 0)
			continue;
		bytes = read_file(m->file[i].path, &size);
		le32(head, m->file[i].dir);
		le32(head + 4, m->file[i].at);
		write_block(BLOCK_DATA, head, sizeof head, bytes, size);
		free(bytes);
	}
}

int
main(int argc, char **argv)
{
	static struct maker m;
	char line[LINE_MAX_N];

	if (argc < 2 || argc > 3 || (argc == 3 && strlen(argv[2]) < 2 * ID_SIZE))
		die("usage: apk FOLDER [ID] <LIST", argc < 2 ? "" : argv[1]);
	m.folder = argv[1];
	m.n = 8; /* its own head: versions, then the root */
	while (fgets(line, sizeof line, stdin))
		take_line(&m, line);
	end_adb(&m);
	if (argc == 3) {
		hex(m.adb + m.id_at, ID_SIZE, argv[2]);
		write_package(&m);
	} else {
		fwrite(m.adb, 1, m.n, stdout);
	}
	if (fflush(stdout) || ferror(stdout))
		die("cannot be written", "standard output");
	return 0;
}
