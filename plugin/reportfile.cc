/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reportfile.cc: the report's file: a JSON array, one record a line, in which every unit replaces its own records.
 *
 * Several units may share a file, also when they are compiled at the same time: the file's folder is locked while
 * the old file is read and the new one put in its place, so that a reader sees the one or the other. A file that
 * is not such a report is left alone. Records of units that are not compiled any more stay: who wants none of them
 * gives each unit a file, or removes the file first.
 */
#include "pass.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

char *kb_json_string(const char *s)
{
  char *out = XNEWVEC(char, 6 * strlen(s) + 3), *o = out;
  *o++ = '"';
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      *o++ = '\\', *o++ = (char)c;
    else if (c < ' ' || c == 0x7f)
      o += sprintf(o, "\\u%04x", c);
    else
      *o++ = (char)c;
  }
  *o++ = '"';
  *o = 0;
  return out;
}

/* All of FILE, to be freed; NULL: it cannot be read. */
static char *read_all(const char *file)
{
  FILE *f = fopen(file, "rb");
  if (!f)
    return NULL;
  size_t len = 0, room = 4096;
  char *text = XNEWVEC(char, room + 1);
  while (size_t got = fread(text + len, 1, room - len, f))
    if ((len += got) == room)
      text = XRESIZEVEC(char, text, (room *= 2) + 1);
  text[len] = 0;
  fclose(f);
  return text;
}

/* Cuts TEXT, a report, into its records. False: it is none. */
static bool split_records(char *text, vec<char *> *records)
{
  static const char start[] = "{\"unit\": \"";
  if (strncmp(text, "[\n", 2))
    return false;
  for (char *line = text + 2, *end; (end = strchr(line, '\n')); line = end + 1) {
    if (end - line == 1 && *line == ']')
      return !end[1];
    if (strncmp(line, start, strlen(start)))
      return false;
    *end = 0;
    if (end[-1] == ',')
      end[-1] = 0;
    records->safe_push(line);
  }
  return false;
}

/* What follows NAME in RECORD, up to the next comma outside of strings; its length in *LEN. NULL: nothing. */
static const char *member_of(const char *record, const char *name, size_t *len)
{
  const char *at = strstr(record, name);
  if (!at)
    return NULL;
  at += strlen(name);
  bool quoted = false;
  size_t n = 0;
  for (; at[n] && (quoted || (at[n] != ',' && at[n] != '}')); n++)
    if (at[n] == '\\' && at[n + 1])
      n++;
    else if (at[n] == '"')
      quoted = !quoted;
  *len = n;
  return at;
}

static bool same_member(const char *a, const char *b, const char *name)
{
  size_t m, n;
  const char *x = member_of(a, name, &m), *y = member_of(b, name, &n);
  return x && y && m == n && !memcmp(x, y, n);
}

/* Is OLD replaced by one of RECORDS: the same record, or one of the same site? */
static bool replaced(const char *old, const vec<char *> &records)
{
  for (const char *record : records)
    if (!strcmp(old, record)
        || (same_member(old, record, "\"unit\": ") && same_member(old, record, "\"site\": ")))
      return true;
  return false;
}

static bool of_unit(const char *record, const char *unit)
{
  const char *at = record + strlen("{\"unit\": ");
  return !strncmp(at, unit, strlen(unit)) && at[strlen(unit)] == ',';
}

static const char *write_records(FILE *f, const vec<char *> &others, const vec<char *> &records)
{
  unsigned left = others.length() + records.length();
  fputs("[\n", f);
  for (const char *record : others)
    fprintf(f, "%s%s\n", record, --left ? "," : "");
  for (const char *record : records)
    fprintf(f, "%s%s\n", record, --left ? "," : "");
  fputs("]\n", f);
  bool bad = ferror(f);
  return fclose(f) || bad ? xstrerror(errno) : NULL;
}

/* Writes the new file beside FILE and puts it in its place. */
static const char *replace(const char *file, mode_t mode, const vec<char *> &others, const vec<char *> &records)
{
  char *beside = xasprintf("%s.XXXXXX", file);
  int fd = mkstemp(beside);
  const char *why = fd < 0 ? xstrerror(errno) : NULL;
  if (!why) {
    fchmod(fd, mode);
    why = write_records(fdopen(fd, "wb"), others, records);
    if (!why && rename(beside, file))
      why = xstrerror(errno);
    if (why)
      unlink(beside);
  }
  free(beside);
  return why;
}

/* Opens and locks the folder of FILE; -1 where that cannot be done, and then there is no lock. */
static int lock_folder(const char *file)
{
  const char *slash = strrchr(file, '/');
  char *dir = slash ? xstrndup(file, (size_t)(slash + 1 - file)) : xstrdup(".");
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(dir);
  if (fd >= 0)
    flock(fd, LOCK_EX);
  return fd;
}

const char *kb_report_write(const char *file, const char *unit, const vec<char *> &records)
{
  struct stat st;
  auto_vec<char *> old, others;
  bool exists = !stat(file, &st);
  if (exists && !S_ISREG(st.st_mode)) { /* a pipe or a device */
    FILE *f = fopen(file, "wb");
    return f ? write_records(f, others, records) : xstrerror(errno);
  }
  mode_t mask = umask(0);
  umask(mask);
  int lock = lock_folder(file);
  const char *why = NULL;
  char *text = read_all(file);
  if (text && *text && !split_records(text, &old))
    why = "the file is there and is not a report";
  for (char *record : old)
    if (unit ? !of_unit(record, unit) : !replaced(record, records))
      others.safe_push(record);
  if (!why)
    why = replace(file, exists ? st.st_mode & 0777 : 0666 & ~mask, others, records);
  free(text);
  if (lock >= 0)
    close(lock);
  return why;
}
