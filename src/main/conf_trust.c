#include "main/conf_priv.h"

#include "sys/file.h"
#include "sys/page.h"

#include <stdlib.h>

#define BUNDLE_MAX (2u << 20)

/* Where systems keep the roots they trust. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, OpenWrt, Alpine, Arch */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
	"/etc/ssl/ca-bundle.pem",             /* openSUSE */
	"/etc/ssl/cert.pem",
};

/* Reads a bundle; its text is not kept. NULL after telling what is wrong. */
static const struct cert_anchors *
read_bundle(struct conf_work *w, const char *path, u32 line)
{
	struct arena text = page_arena(BUNDLE_MAX + 4096);
	struct cert_anchors *anchors = conf_take(w, sizeof *anchors, 1);
	const char *why = "";
	struct str pem;
	int err = file_load(FILE_HERE, path, FILE_READ | FILE_FOLLOW, BUNDLE_MAX, &text, &pem);

	if (err)
		conf_mistake(w, line, "%s cannot be read: %s", path, err == ERR_FULL ? "larger than 2 MB" : file_why());
	else if (anchors && (err = cert_anchors_read(pem, w->arena, anchors, &why)) == ERR_FULL)
		w->full = true;
	else if (err)
		conf_mistake(w, line, "%s cannot be used: %s", path, why);
	page_give(&text);
	return err ? NULL : anchors;
}

static const struct cert_anchors *
system_bundle(struct conf_work *w, u32 line)
{
	const char *named = getenv("SSL_CERT_FILE");
	struct file_info info;
	u32 i = 0;

	if (w->system)
		return w->system;
	if (named && named[0]) {
		w->system = read_bundle(w, named, line);
		return w->system;
	}
	while (i < ARRAY_N(bundles) && file_look(FILE_HERE, bundles[i], &info))
		i++;
	if (i == ARRAY_N(bundles)) {
		conf_mistake(w, line, "https:// needs trusted roots, and this system has none: install "
		    "ca-certificates (or ca-bundle), or set ca '/PATH.pem' or pin");
		return NULL;
	}
	w->system = read_bundle(w, bundles[i], line);
	return w->system;
}

static const u8 *
read_pin(struct conf_work *w, u32 line, struct str text)
{
	u8 *pin = conf_take(w, CERT_PIN_N, 1);

	if (!pin || cert_pin_read(text, pin) == 0)
		return pin;
	conf_mistake(w, line, "pin is the base64 form of a SHA-256: 44 characters, the last one =");
	return NULL;
}

/* pin alone trusts a key whoever signed it; a bundle beside it demands both. */
void
conf_trust(struct conf_work *w, const struct conf_section *s, struct environment *e)
{
	u32 line = conf_line(s, conf_item(s, "pin") ? "pin" : conf_item(s, "ca") ? "ca" : "base_url");

	e->pin = conf_str(s, "pin");
	e->ca = conf_str(s, "ca");
	if ((e->pin.n || e->ca.n) && !e->tls)
		conf_mistake(w, conf_line(s, e->pin.n ? "pin" : "ca"),
		    "%s belongs to a base_url that begins with https://",
		    e->pin.n ? "pin" : "ca");
	conf_trust_at(w, line, e);
}

void
conf_trust_at(struct conf_work *w, u32 line, struct environment *e)
{
	struct tls_trust *trust;
	const char *wrong;

	if (!e->tls)
		return;
	trust = conf_take(w, sizeof *trust, 1);
	if (!trust)
		return;
	trust->name = e->host;
	e->trust = trust;
	if (e->pin.n)
		trust->pin = read_pin(w, line, e->pin);
	if (w->ask->no_secrets)
		return;
	if (e->ca.n)
		trust->anchors = read_bundle(w, conf_c(w, conf_path(w, e->ca)), line);
	else if (!e->pin.n)
		trust->anchors = system_bundle(w, line);
	wrong = (trust->anchors || trust->pin) ? tls_trust_wrong(trust) : NULL;
	if (wrong)
		conf_mistake(w, line, "%S cannot be trusted like this: %s", e->host, wrong);
}
