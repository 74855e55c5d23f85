/* SPDX-License-Identifier: MIT */
/* stress.c: guards that fail on demand. Kernels emitted with --stress ask at every guard that may go on in the interpreter
 * whether it is to fail now, although its condition holds; what the program computes must not change by that.
 *
 *   KB_STRESS=count              counts, and prints to stderr at the end: number, executions, file:line:guard of each site
 *   KB_STRESS=SITE:first, :N     the site fails at its first, N-th execution; SITE is a number as count prints it or
 *                                file:line:guard (its last one: the number that count prints as executions)
 *   KB_STRESS=random:SEED:P      each execution fails with probability P
 *   KB_STRESS=alloc:N            the N-th allocation of a local array fails
 *
 * Several of them stand between commas. Tests choose by the functions below instead, one mode at a time.
 */
#include "rt.h"
#include "stress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
  const kb_site *site;
  uint64_t hits;
} entry;

/* One lock for it all: such kernels are slow anyway. Sites are numbered as they are executed first. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static entry *entries;
static uint32_t nentries, capentries, *slots, nslots;

static struct {
  bool random, site, named;
  uint32_t number;       /* of the site */
  char name[256];        /* file:line:guard */
  uint64_t which;        /* execution that fails; 0: none */
  uint64_t state, limit; /* random: fails when the next number is below limit */
  uint64_t alloc, allocs;
} mode;

/* -- Sites -------------------------------------------------------------------------------------------------- */

static void grow(void)
{
  uint32_t n = nslots ? nslots * 2 : 256;
  uint32_t *to = (uint32_t *)calloc(n, sizeof *to);
  entry *all = (entry *)realloc(entries, (n / 2) * sizeof *all);
  if (to == NULL || all == NULL) abort(); /* a tool for tests */
  entries = all;
  capentries = n / 2;
  for (uint32_t i = 0; i < nentries; i++) {
    uint32_t h = (uint32_t)((uintptr_t)entries[i].site >> 4) * 2654435761u;
    while (to[h & (n - 1)]) h++;
    to[h & (n - 1)] = i + 1;
  }
  free(slots);
  slots = to;
  nslots = n;
}

static uint32_t number_of(const kb_site *site)
{
  if (nentries == capentries) grow();
  uint32_t h = (uint32_t)((uintptr_t)site >> 4) * 2654435761u;
  while (slots[h & (nslots - 1)] && entries[slots[h & (nslots - 1)] - 1].site != site) h++;
  uint32_t *slot = &slots[h & (nslots - 1)];
  if (*slot == 0) {
    entries[nentries].site = site;
    entries[nentries].hits = 0;
    *slot = ++nentries;
  }
  return *slot - 1;
}

static void name_of(const kb_site *site, char *buf, size_t size)
{
  (void)snprintf(buf, size, "%s:%u:%s", site->unit->file, site->nframes ? (unsigned)site->frames[0].line : 0U, site->guard);
}

/* -- The environment ---------------------------------------------------------------------------------------- */

static void report(void)
{
  char name[256];
  for (uint32_t i = 0; i < nentries; i++) {
    name_of(entries[i].site, name, sizeof name);
    (void)fprintf(stderr, "KB_STRESS %u %llu %s\n", (unsigned)i, (unsigned long long)entries[i].hits, name);
  }
}

static void set_random(uint64_t seed, double p)
{
  mode.random = true;
  mode.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
  mode.limit = p >= 1 ? UINT64_MAX : p > 0 ? (uint64_t)(p * 0x1p64) : 0;
}

static bool set_site(const char *s, size_t n)
{
  const char *colon = NULL;
  for (size_t i = 0; i < n; i++)
    if (s[i] == ':') colon = s + i;
  if (colon == NULL || colon == s) return false;
  size_t len = (size_t)(colon - s), digits = strspn(s, "0123456789");
  char *end = NULL;
  mode.which = strncmp(colon + 1, "first", 5) == 0 ? 1 : strtoull(colon + 1, &end, 10);
  if (mode.which == 0 || (end && end != s + n)) return false;
  mode.site = true;
  mode.named = digits != len;
  mode.number = (uint32_t)strtoul(s, NULL, 10);
  (void)snprintf(mode.name, sizeof mode.name, "%.*s", (int)len, s);
  return true;
}

static void read_environment(void)
{
  const char *s = getenv("KB_STRESS");
  while (s && *s) {
    size_t n = strcspn(s, ",");
    unsigned long long a = 0;
    double p = 0;
    if (n == 5 && strncmp(s, "count", 5) == 0) (void)atexit(report);
    else if (sscanf(s, "random:%llu:%lf", &a, &p) == 2) set_random(a, p);
    else if (sscanf(s, "alloc:%llu", &a) == 1) mode.alloc = a;
    else if (!set_site(s, n)) (void)fprintf(stderr, "KB_STRESS: '%.*s' is none of count, SITE:N, random:SEED:P, alloc:N\n", (int)n, s);
    s += n + (s[n] == ',');
  }
}

/* -- Does it fail? -------------------------------------------------------------------------------------------- */

static bool next_random(void)
{
  mode.state ^= mode.state << 13; /* xorshift64; Marsaglia, 2003 */
  mode.state ^= mode.state >> 7;
  mode.state ^= mode.state << 17;
  return mode.state * UINT64_C(0x2545F4914F6CDD1D) < mode.limit;
}

static bool is_site(uint32_t number, const kb_site *site)
{
  char name[256];
  if (!mode.named) return number == mode.number;
  name_of(site, name, sizeof name);
  return strcmp(name, mode.name) == 0;
}

int kb_stress(const kb_site *site)
{
  (void)pthread_once(&once, read_environment);
  (void)pthread_mutex_lock(&lock);
  uint32_t number = number_of(site);
  uint64_t hits = ++entries[number].hits;
  bool fails = (mode.random && next_random()) || (mode.site && hits == mode.which && is_site(number, site));
  (void)pthread_mutex_unlock(&lock);
  return fails;
}

bool kb_stress_alloc(void)
{
  (void)pthread_once(&once, read_environment);
  if (mode.alloc == 0) return false;
  (void)pthread_mutex_lock(&lock);
  bool fails = ++mode.allocs == mode.alloc;
  (void)pthread_mutex_unlock(&lock);
  return fails;
}

/* -- Tests --------------------------------------------------------------------------------------------------- */

static void clear(void)
{
  (void)pthread_once(&once, read_environment);
  memset(&mode, 0, sizeof mode);
  for (uint32_t i = 0; i < nentries; i++) entries[i].hits = 0;
}

void kb_stress_count(void)
{
  (void)pthread_mutex_lock(&lock);
  clear();
  (void)pthread_mutex_unlock(&lock);
}

void kb_stress_force(uint32_t site, uint64_t which)
{
  (void)pthread_mutex_lock(&lock);
  clear();
  mode.site = true;
  mode.number = site;
  mode.which = which;
  (void)pthread_mutex_unlock(&lock);
}

void kb_stress_random(uint64_t seed, double p)
{
  (void)pthread_mutex_lock(&lock);
  clear();
  set_random(seed, p);
  (void)pthread_mutex_unlock(&lock);
}

void kb_stress_fail_alloc(uint64_t which)
{
  (void)pthread_mutex_lock(&lock);
  clear();
  mode.alloc = which;
  (void)pthread_mutex_unlock(&lock);
}

const kb_site *kb_stress_site(uint32_t i, uint64_t *hits)
{
  (void)pthread_mutex_lock(&lock);
  const kb_site *site = i < nentries ? entries[i].site : NULL;
  *hits = site ? entries[i].hits : 0;
  (void)pthread_mutex_unlock(&lock);
  return site;
}
