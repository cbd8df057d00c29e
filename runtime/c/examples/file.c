#include "file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "qibu.h"

void need(int status, const char *what)
{
    if (status == QIBU_STATUS_OK)
        return;
    fprintf(stderr, "error: %s: %s\n", what, qibu_status_string(status));
    exit(1);
}

void *aligned_bytes(size_t length)
{
    unsigned char *bytes = malloc(length + 15);
    if (bytes == NULL) {
        fprintf(stderr, "error: no memory\n");
        exit(1);
    }
    return bytes + (16 - (uintptr_t)bytes % 16) % 16;
}

void *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    long end;
    void *bytes;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0 ||
        fseek(file, 0, SEEK_SET) != 0) {
        fprintf(stderr, "error: %s cannot be read\n", path);
        exit(1);
    }
    bytes = aligned_bytes((size_t)end);
    *length = fread(bytes, 1, (size_t)end, file);
    fclose(file);
    return bytes;
}
