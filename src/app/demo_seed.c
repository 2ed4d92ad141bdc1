#include "app/demo_priv.h"

#include "base/text.h"

static const struct {
	const char *name, *email;
	u8 role;
} people[DEMO_SETS][6] = {
	{ { "Ada Test", "ada@sandbox.example", 2 }, { "Ben Probe", "ben@sandbox.example", 0 },
	  { "Cleo Sample", "cleo@sandbox.example", 1 }, { "Dev Null", "dev@sandbox.example", 0 },
	  { "Eve Tester", "eve@sandbox.example", 3 }, { "Finn Draft", "finn@sandbox.example", 0 } },
	{ { "Maria Lindgren", "maria@acme.example", 2 }, { "Jonas Weber", "jonas@acme.example", 0 },
	  { "Aiko Tanaka", "aiko@acme.example", 1 }, { "Samuel Okafor", "samuel@acme.example", 0 },
	  { "Petra Novak", "petra@northwind.example", 3 }, { "Luca Moretti", "luca@acme.example", 0 } },
};

static const struct {
	const char *name, *text;
	u8 status, owner;
	int due;
	u16 budget;
} projects[DEMO_SETS][4] = {
	{ { "Website relaunch", "New start page, new shop, old address.", 1, 1, 45, 320 },
	  { "Mobile app", "First version for the field team, offline first.", 1, 1, 90, 640 },
	  { "Office move", "From the second to the fourth floor.", 0, 5, 30, 40 },
	  { "Last year's fair", "Kept for its checklists.", 3, 1, -200, 120 } },
	{ { "Northwind portal", "Customer portal for Northwind: orders, invoices, service cases.", 1, 1, 60, 900 },
	  { "Billing migration", "From the old invoicing to the new one, without a missed month.", 1, 1, 21, 400 },
	  { "Data warehouse", "Nightly loads, one model for sales and service.", 2, 4, 120, 700 },
	  { "ISO 27001", "Everything the auditors will ask for.", 0, 1, 180, 260 } },
};

static const char *const titles[] = {
	"Collect requirements", "Draft the concept", "Review with the customer", "Set up the test system",
	"Write the first version", "Fix what the test found", "Write the manual", "Train the team", "Go live",
};

static void
set_text(struct demo_row *row, u32 slot, const char *text)
{
	row->text_n[slot] = (u16)strlen(text);
	memcpy(row->text[slot], text, row->text_n[slot]);
}

/* The day so many days from now, as 20261121. */
static int64_t
day(const struct demo *d, int days)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);
	u64 y = 0, m = 0, n = 0;

	text_time(&b, (wall)((int64_t)d->now_s + (int64_t)days * 86400));
	str_u64(str_of(room, 4), &y);
	str_u64(str_of(room + 5, 2), &m);
	str_u64(str_of(room + 8, 2), &n);
	return (int64_t)(y * 10000 + m * 100 + n);
}

static void
add_entry(struct demo *d, struct demo_table *set, u32 task, u32 i)
{
	struct demo_row *row = demo_new(d, set, DEMO_TIMES);

	row->number[0] = task;
	row->number[1] = 1 + (task + i) % 6;
	row->number[2] = day(d, -(int)(1 + (task * 3 + i * 5) % 40));
	row->number[3] = 50 * (int64_t)(1 + (task + i * 3) % 12);
	row->number[4] = (task + i) % 4 != 0;
	set_text(row, 0, i % 2 ? "on site" : "");
}

static void
add_task(struct demo *d, struct demo_table *set, u32 project, u32 i)
{
	struct demo_row *row = demo_new(d, set, DEMO_TASKS);
	u32 state = i < 3 ? 2 : i < 5 ? 1 : 0;

	row->number[0] = project;
	row->number[1] = state;
	row->number[2] = 1 + (project + i) % 3;
	row->number[3] = state || i % 2 ? (int64_t)(1 + (project + i) % 6) : DEMO_NULL;
	row->number[4] = day(d, (int)(i * 7) - 20);
	row->number[5] = 400 * (int64_t)(1 + (project * 2 + i) % 6);
	set_text(row, 0, titles[i]);
	for (u32 k = 0; k < state * 2; k++)
		add_entry(d, set, row->id, k);
}

static void
seed_set(struct demo *d, u32 which)
{
	struct demo_table *set = d->table[which];

	for (u32 i = 0; i < ARRAY_N(people[which]); i++) {
		struct demo_row *row = demo_new(d, set, DEMO_PEOPLE);

		set_text(row, 0, people[which][i].name);
		set_text(row, 1, people[which][i].email);
		row->number[0] = people[which][i].role;
	}
	for (u32 i = 0; i < ARRAY_N(projects[which]); i++) {
		struct demo_row *row = demo_new(d, set, DEMO_PROJECTS);

		set_text(row, 0, projects[which][i].name);
		set_text(row, 1, projects[which][i].text);
		row->number[0] = projects[which][i].status;
		row->number[1] = projects[which][i].owner;
		row->number[2] = day(d, projects[which][i].due);
		row->number[3] = projects[which][i].budget * 100;
	}
	for (u32 p = 1; p <= ARRAY_N(projects[which]); p++)
		for (u32 i = 0; i < ARRAY_N(titles) - (p == 3 ? 4 : 0); i++)
			add_task(d, set, p, i);
}

void
demo_seed(struct demo *d)
{
	for (u32 s = 0; s < DEMO_SETS; s++)
		seed_set(d, s);
}
