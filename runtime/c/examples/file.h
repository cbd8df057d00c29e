/* Files as memory that Qibu takes: on a 16-byte boundary. Desktops have a heap; firmware links its
 * model and needs none of this. */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>

/* `length` bytes on a 16-byte boundary; ends the program where there are none. Never freed: both the
 * model and the arena are needed to the end. */
void *aligned_bytes(size_t length);

/* All bytes of a file; ends the program with a message where it cannot be read. */
void *read_file(const char *path, size_t *length);

/* Ends the program with what `status` says, unless that is QIBU_STATUS_OK. */
void need(int status, const char *what);

#endif
