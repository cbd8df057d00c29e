/* Attacks the interface: attack POEM.qibu TAG.qibu COMPOSER.qibu. Prints every answer that was not expected; the
 * sanitizers see what else happens. Everything is freed, so that leaks are the library's. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

static int failures, checks;

void check(int found, int expected, const char *what, int line)
{
    checks++;
    if (found == expected)
        return;
    failures++;
    printf("line %d: %s: %d (%s), expected %d\n", line, what, found, qibu_status_string(found),
           expected);
}

void *aligned(void **owner, size_t length)
{
    uintptr_t address;
    *owner = malloc(length + 15);
    if (*owner == NULL)
        exit(2);
    address = (uintptr_t)*owner;
    return (unsigned char *)*owner + (16 - address % 16) % 16;
}

/* A file's bytes, with nothing behind the last one: reading further is seen. */
unsigned char *whole_file(const char *path, void **owner, size_t *length)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        exit(2);
    *length = (size_t)ftell(file);
    rewind(file);
    /* aligned_alloc asks for whole multiples, which models are. */
    if (*length % 16 != 0 || posix_memalign(owner, 16, *length) != 0)
        exit(2);
    bytes = *owner;
    if (fread(bytes, 1, *length, file) != *length)
        exit(2);
    fclose(file);
    return bytes;
}

/* Loads, and where that works runs, a file with one byte changed: all bytes of the header and the
 * records, some of the rest. */
static void damage(unsigned char *bytes, size_t length)
{
    size_t at, step;
    unsigned answers[128] = {0};
    for (at = 0; at < length; at += step) {
        qibu_model model;
        qibu_place place;
        int status;
        step = at < 4096 ? 1 : 9973;
        bytes[at] ^= 0x55;
        status = qibu_model_load(&model, bytes, length, &place);
        if (status < 0 || status >= 128)
            CHECK(status, QIBU_STATUS_OK);
        else
            answers[status]++;
        if (status != QIBU_STATUS_OK)
            CHECK(qibu_model_verify_weights(&model), QIBU_STATUS_UNINITIALISED);
        else
            CHECK(qibu_model_verify_weights(&model), QIBU_STATUS_WEIGHTS);
        bytes[at] ^= 0x55;
    }
    /* Header, checksum and weights were all met. */
    CHECK(answers[QIBU_STATUS_FILE_HEADER] > 0, 1);
    CHECK(answers[QIBU_STATUS_FILE_CHECKSUM] > 0, 1);
    CHECK(answers[QIBU_STATUS_OK] > 0, 1);
}

static void load(unsigned char *bytes, size_t length)
{
    qibu_model model, again;
    qibu_place place = {99, 99, 99};
    qibu_text value, key;
    size_t index;
    void *owner;
    unsigned char *copy;

    CHECK(qibu_model_load(NULL, bytes, length, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_model_load((qibu_model *)((char *)&model + 1), bytes, length, NULL),
          QIBU_STATUS_MISALIGNED);
    CHECK(qibu_model_load(&model, NULL, length, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_model_load(&model, NULL, 0, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_model_load(&model, bytes, SIZE_MAX, NULL), QIBU_STATUS_LENGTH);
    CHECK(qibu_model_load(&model, bytes, SIZE_MAX / 2 + 1, NULL), QIBU_STATUS_LENGTH);
    CHECK(qibu_model_load(&model, bytes, 0, NULL), QIBU_STATUS_FILE_HEADER);
    CHECK(qibu_model_load(&model, bytes, 3, NULL), QIBU_STATUS_FILE_HEADER);
    CHECK(qibu_model_load(&model, bytes, 16, NULL), QIBU_STATUS_FILE_LENGTH);
    CHECK(qibu_model_load(&model, bytes, length - 16, NULL), QIBU_STATUS_FILE_LENGTH);
    copy = aligned(&owner, length + 1);
    memcpy(copy + 1, bytes, length);
    CHECK(qibu_model_load(&model, copy + 1, length, NULL), QIBU_STATUS_MISALIGNED);
    memcpy(copy, bytes, length);
    copy[8] ^= 0x40; /* The version. */
    CHECK(qibu_model_load(&model, copy, length, &place), QIBU_STATUS_FILE_VERSION);
    CHECK(place.index != 0 && place.section == QIBU_SECTION_NONE, 1);
    free(owner);

    /* After an error, the handle is none. */
    CHECK(qibu_model_verify_weights(&model), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_model_load(&model, bytes, length, &place), QIBU_STATUS_OK);
    CHECK(place.section == QIBU_SECTION_NONE && place.fault == QIBU_FAULT_NONE, 1);
    CHECK(qibu_model_load(&model, bytes, 16, NULL), QIBU_STATUS_FILE_LENGTH);
    CHECK(qibu_model_functions(&model, &index), QIBU_STATUS_UNINITIALISED);

    /* Limits and kernels: a place is told. */
    CHECK(qibu_model_load_within(&model, bytes, length, 1, &place), QIBU_STATUS_FILE_FUNCTION);
    CHECK(place.fault, QIBU_FAULT_WORK);
    CHECK(qibu_model_load_with(&model, bytes, length, NULL, 1, &place), QIBU_STATUS_NULL);
    CHECK(qibu_model_load_with(&model, bytes, length, NULL, 0, &place), QIBU_STATUS_FILE_STEP);
    CHECK(place.fault, QIBU_FAULT_KERNEL);
    CHECK(place.section, QIBU_SECTION_STEPS);
    {
        const qibu_kernel *const set[] = {&qibu_kernel_pad_any, NULL};
        CHECK(qibu_model_load_with(&model, bytes, length, set, 2, NULL), QIBU_STATUS_NULL);
        CHECK(qibu_model_load_with(&model, bytes, length, set, 1, NULL), QIBU_STATUS_FILE_STEP);
    }

    /* Twice, and copied. */
    CHECK(qibu_model_load(&model, bytes, length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_model_load(&model, bytes, length, NULL), QIBU_STATUS_OK);
    again = model;
    CHECK(qibu_model_verify_weights(&again), QIBU_STATUS_OK);

    CHECK(qibu_model_metadata(&model, "task", 4, &value), QIBU_STATUS_OK);
    CHECK(qibu_model_metadata(&model, "tas", 3, &value), QIBU_STATUS_NOT_FOUND);
    CHECK(qibu_model_metadata(&model, "\xFF", 1, &value), QIBU_STATUS_NOT_FOUND);
    CHECK(qibu_model_metadata(&model, NULL, 0, &value), QIBU_STATUS_NOT_FOUND);
    CHECK(qibu_model_metadata(&model, NULL, 4, &value), QIBU_STATUS_NULL);
    CHECK(qibu_model_metadata(&model, "task", 4, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_model_metadata(NULL, "task", 4, &value), QIBU_STATUS_NULL);
    for (index = 0; qibu_model_metadata_entry(&model, index, &key, &value) == QIBU_STATUS_OK;
         index++)
        CHECK(key.length > 0, 1);
    CHECK(index > 1, 1);
    CHECK(qibu_model_metadata_entry(&model, SIZE_MAX, &key, &value), QIBU_STATUS_INDEX);
    CHECK(qibu_model_find(&model, "nothing", 7, &index), QIBU_STATUS_NOT_FOUND);
    CHECK(qibu_function_arena(&model, 99, &index), QIBU_STATUS_INDEX);
    CHECK(qibu_function_name(&model, 0, NULL), QIBU_STATUS_NULL);

    /* Never initialised: zeros, and what stands in memory by chance. */
    memset(&again, 0, sizeof again);
    CHECK(qibu_model_verify_weights(&again), QIBU_STATUS_UNINITIALISED);
    memset(&again, 0xA5, sizeof again);
    CHECK(qibu_model_verify_weights(&again), QIBU_STATUS_UNINITIALISED);
}

int main(int count, char **arguments)
{
    void *poem_owner, *tag_owner, *rules_owner;
    size_t poem_length, tag_length, rules_length;
    unsigned char *poem, *tag, *rules;
    int status;
    if (count != 4)
        return 2;
    CHECK(qibu_abi() == QIBU_ABI, 1);
    for (status = -1; status < 300; status++) {
        CHECK(strlen(qibu_status_string(status)) > 2, 1);
        CHECK(strlen(qibu_fault_string(status)) > 2, 1);
    }
    poem = whole_file(arguments[1], &poem_owner, &poem_length);
    tag = whole_file(arguments[2], &tag_owner, &tag_length);
    rules = whole_file(arguments[3], &rules_owner, &rules_length);
    load(poem, poem_length);
    damage(tag, tag_length);
    attack_runs(poem, poem_length);
    attack_poets(poem, poem_length, tag, tag_length);
    attack_composers(tag, tag_length, rules, rules_length);
    attack_streams(poem, poem_length, tag, tag_length);
    free(poem_owner);
    free(rules_owner);
    free(tag_owner);
    printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
