#include "main/work.h"

#include "call/share.h"
#include "gate/quota.h"
#include "op/life.h"

size_t
work_common_bytes(u32 workers)
{
	return far_page_bytes() + sizeof(struct work_common) + share_bytes(workers) + quota_bytes() +
	       lives_bytes(workers);
}

void
work_shared(struct work_shared *s, void *common, u32 workers)
{
	s->all = (struct work_common *)(void *)((u8 *)common + far_page_bytes());
	s->shares = (u8 *)(s->all + 1);
	s->quotas = s->shares + share_bytes(workers);
	s->lives = s->quotas + quota_bytes();
}

void
work_gone(void *common, u32 workers, u32 index)
{
	struct work_shared s;

	work_shared(&s, common, workers);
	share_forget(s.shares, index);
	lives_over(s.lives, index);
	__atomic_store_n(&s.all->rate.hashing[index], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s.all->audit_down[index], 0, __ATOMIC_RELAXED);
}
