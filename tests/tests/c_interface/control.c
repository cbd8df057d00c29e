/* Breaks what a caller promises: control short|freed|leak|nothing MODEL.qibu. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qibu.h"

/* 16 bytes at the end that the file has, and the memory has not. */
#define MISSING 16

static void lose(void)
{
    void *volatile lost = malloc(77);
    lost = NULL;
    (void)lost;
}

int main(int count, char **arguments)
{
    qibu_model model;
    qibu_text value;
    void *bytes;
    size_t length;
    int is_short, status;
    FILE *file = count == 3 ? fopen(arguments[2], "rb") : NULL;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return 2;
    length = (size_t)ftell(file);
    rewind(file);
    is_short = strcmp(arguments[1], "short") == 0;
    if (posix_memalign(&bytes, 16, is_short ? length - MISSING : length) != 0 ||
        fread(bytes, 1, is_short ? length - MISSING : length, file) == 0)
        return 2;
    fclose(file);
    status = qibu_model_load(&model, bytes, length, NULL);
    if (status == QIBU_STATUS_OK)
        status = qibu_model_verify_weights(&model);
    if (strcmp(arguments[1], "leak") == 0)
        lose();
    free(bytes);
    if (strcmp(arguments[1], "freed") == 0)
        status = qibu_model_metadata(&model, "licence", 7, &value);
    return status != QIBU_STATUS_OK;
}
