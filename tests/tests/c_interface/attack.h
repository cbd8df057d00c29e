/* What the parts of the attack share. */
#ifndef ATTACK_H
#define ATTACK_H

#include <stddef.h>
#include <stdint.h>

#include "qibu.h"

/* Counts an answer, and prints one that was not expected. */
void check(int found, int expected, const char *what, int line);
#define CHECK(found, expected) check((int)(found), (int)(expected), #found, __LINE__)

/* `length` bytes on a 16-byte boundary; `owner` is what to free. */
void *aligned(void **owner, size_t length);

void attack_runs(const unsigned char *poem, size_t poem_length);
void attack_poets(const unsigned char *poem, size_t poem_length, const unsigned char *tag,
                  size_t tag_length);
void attack_composers(const unsigned char *other, size_t other_length, const unsigned char *rules_file,
                      size_t rules_length);
void attack_streams(const unsigned char *poem, size_t poem_length, const unsigned char *tag,
                    size_t tag_length);

#endif
