/* wire: one byte stream, plain or TLS, over a socket that never blocks.
 *
 *   kernel > fill > in [r..w] > the owner eats        the owner writes > out [r..w], then views > flush > kernel
 *
 * in and out are views into the worker's scratch buffers while the owner runs (after wire_fill /
 * wire_out), leased blocks or nothing at all between runs (after wire_settle). So a struct str
 * taken from `in` dies at the next wire_fill or wire_settle of any wire. The owner calls
 * wire_settle whenever it stops running.
 *
 * poll only marks watch.got and the owner's ready: bytes move when the owner asks. Errors stick in
 * err. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "net/net.h"

#define WIRE_VIEWS 4

struct wtls;

struct wire {
	struct watch watch;
	struct net *net;
	struct wtls *tls; /* NULL: plain. See net/wtls.h */
	struct buf in, out;
	struct str view[WIRE_VIEWS]; /* stable bytes to be sent behind out */
	u8 views;
	bool eof; /* the peer has ended; what is in `in` can still be eaten */
	int err;  /* ERR_IO, ERR_FULL: nothing more can be done but close */
};

/* Begins over a connected socket, watching for POLLIN. The wire owns fd from now on. */
void wire_init(struct wire *w, struct net *net, int fd, struct ready *owner);

/* Reads what is there, behind what is unread: > 0 new bytes, all unread ones now lie in w->in in
 * scratch; 0 the peer has ended (eof set); ERR_MORE nothing now; ERR_FULL no room for more than what
 * is unread; ERR_IO. At most `most` bytes of unread input are held (0: as much as scratch and leases
 * allow). One system call at most; watch.got keeps POLLIN when there may be more. */
int wire_fill(struct wire *w, u32 most);

/* The output buffer in scratch with room for n more bytes, or NULL when unsent output takes the
 * place: flush, wait. */
struct buf *wire_out(struct wire *w, u32 n);

/* Adds bytes that stay where they are until sent (mapped files, literals), behind everything written
 * so far. Nothing may be written to out after it before all is flushed. ERR_FULL when WIRE_VIEWS are
 * pending. */
int wire_view(struct wire *w, struct str stable);

/* Bytes written and not yet taken by the kernel, views included. */
u64 wire_unsent(const struct wire *w);

/* Sends: 0 all is sent; ERR_MORE the rest waits (POLLOUT is watched, the owner marked when there is
 * room); ERR_IO. */
int wire_flush(struct wire *w);

/* Ends a run: moves what is left into leased blocks and frees the scratch buffers, or gives the blocks
 * back when nothing is left. A lack of blocks sets err to ERR_FULL. Cheap when there is nothing to do. */
void wire_settle(struct wire *w);

/* Chooses what wakes the owner (POLLIN and so on); POLLOUT is added by itself while output is pending. */
void wire_want(struct wire *w, u16 want);

/* Whether poll has said that there is something to read (or that the peer has gone) since the last
 * wire_fill that emptied the kernel's buffer. */
bool wire_readable(const struct wire *w);

/* Marks another ready from now on: a call that is detached or attached anew. */
void wire_owner(struct wire *w, struct ready *owner);

/* Closes the socket, gives all blocks back. Harmless on a wire that was closed or never begun (zeroed). */
void wire_close(struct wire *w);

/* Sends TLS close_notify if it is TLS, and ends the sending side (for a lingering close). */
void wire_end(struct wire *w);

#endif
