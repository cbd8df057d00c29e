/* Functions, inputs, outputs, poets: what a caller gets wrong. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"

void attack_runs(const unsigned char *poem, size_t poem_length)
{
    qibu_model model;
    qibu_run run;
    qibu_tensor tensor;
    size_t encode, generate, needed, count, position = 99;
    float latent[256] = {0};
    int32_t ids[16] = {0};
    int8_t bytes[16] = {0};
    int16_t halves[16] = {0};
    uint8_t truths[16] = {0};
    const float *floats;
    const int32_t *numbers;
    void *owner, *other;
    unsigned char *arena;

    memset(&run, 0, sizeof run);
    CHECK(qibu_run_execute(&run, NULL), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_model_load(&model, poem, poem_length, NULL), QIBU_STATUS_OK);
    /* A handle of another kind. */
    CHECK(qibu_run_execute((qibu_run *)(void *)&model, NULL), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_model_find(&model, "encode", 6, &encode), QIBU_STATUS_OK);
    CHECK(qibu_model_find(&model, "generate", 8, &generate), QIBU_STATUS_OK);
    CHECK(qibu_function_arena(&model, generate, &needed), QIBU_STATUS_OK);
    arena = aligned(&owner, needed);

    CHECK(qibu_run_bind(NULL, &model, generate, arena, needed), QIBU_STATUS_NULL);
    CHECK(qibu_run_bind(&run, NULL, generate, arena, needed), QIBU_STATUS_NULL);
    CHECK(qibu_run_bind(&run, &model, generate, NULL, needed), QIBU_STATUS_NULL);
    CHECK(qibu_run_bind(&run, &model, generate, NULL, 0), QIBU_STATUS_ARENA);
    CHECK(qibu_run_bind(&run, &model, generate, arena + 1, needed), QIBU_STATUS_MISALIGNED);
    CHECK(qibu_run_bind(&run, &model, generate, arena, needed - 1), QIBU_STATUS_ARENA);
    CHECK(qibu_run_bind(&run, &model, generate, arena, SIZE_MAX), QIBU_STATUS_LENGTH);
    CHECK(qibu_run_bind(&run, &model, 99, arena, needed), QIBU_STATUS_INDEX);
    /* An arena in the model's own bytes. */
    CHECK(qibu_run_bind(&run, &model, generate, (void *)(uintptr_t)(poem + 16), needed),
          QIBU_STATUS_OVERLAP);
    /* A handle in its own arena. */
    CHECK(qibu_run_bind((qibu_run *)(void *)(arena + 64), &model, generate, arena, needed),
          QIBU_STATUS_OVERLAP);
    CHECK(qibu_run_execute(&run, NULL), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_run_bind(&run, &model, generate, arena, needed), QIBU_STATUS_OK);

    /* Too early, of another type, of another length. */
    CHECK(qibu_function_input(&model, generate, 0, &tensor), QIBU_STATUS_OK);
    CHECK(tensor.dtype, QIBU_DTYPE_F32);
    CHECK(qibu_function_input(&model, generate, 1, &tensor), QIBU_STATUS_INDEX);
    CHECK(qibu_function_input(&model, generate, SIZE_MAX, &tensor), QIBU_STATUS_INDEX);
    CHECK(qibu_run_output_i32(&run, 0, &numbers, &count), QIBU_STATUS_NOT_EXECUTED);
    CHECK(qibu_run_set_f32(&run, 0, latent, tensor.elements + 1), QIBU_STATUS_LENGTH);
    CHECK(qibu_run_set_f32(&run, 0, latent, SIZE_MAX), QIBU_STATUS_LENGTH);
    CHECK(qibu_run_set_f32(&run, 0, NULL, 0), QIBU_STATUS_LENGTH);
    CHECK(qibu_run_set_f32(&run, 0, NULL, tensor.elements), QIBU_STATUS_NULL);
    CHECK(qibu_run_set_f32(&run, 1, latent, tensor.elements), QIBU_STATUS_INDEX);
    CHECK(qibu_run_set_f32(NULL, 0, latent, tensor.elements), QIBU_STATUS_NULL);
    CHECK(qibu_run_set_f32(&run, 0, (const float *)(const void *)(arena + 32), tensor.elements),
          QIBU_STATUS_OVERLAP);
    CHECK(qibu_run_set_i32(&run, 0, ids, 16), QIBU_STATUS_DTYPE);
    CHECK(qibu_run_set_i16(&run, 0, halves, 16), QIBU_STATUS_DTYPE);
    CHECK(qibu_run_set_i8(&run, 0, bytes, 16), QIBU_STATUS_DTYPE);
    CHECK(qibu_run_set_bool(&run, 0, truths, 16), QIBU_STATUS_DTYPE);
    truths[7] = 2;
    CHECK(qibu_run_set_bool(&run, 0, truths, 16), QIBU_STATUS_VALUE);
    CHECK(qibu_run_set_f32(&run, 0, latent, tensor.elements), QIBU_STATUS_OK);
    CHECK(qibu_run_execute(&run, NULL), QIBU_STATUS_OK);
    CHECK(qibu_run_output_f32(&run, 0, &floats, &count), QIBU_STATUS_DTYPE);
    CHECK(qibu_run_output_i32(&run, 99, &numbers, &count), QIBU_STATUS_INDEX);
    CHECK(qibu_run_output_i32(&run, 0, NULL, &count), QIBU_STATUS_NULL);
    CHECK(qibu_run_output_i32(&run, 0, &numbers, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_run_output_i32(&run, 0, &numbers, &count), QIBU_STATUS_OK);
    CHECK((const unsigned char *)numbers >= arena, 1);
    CHECK((const unsigned char *)(numbers + count) <= arena + needed, 1);
    /* The inputs are new: the outputs are old. */
    CHECK(qibu_run_set_f32(&run, 0, latent, tensor.elements), QIBU_STATUS_OK);
    CHECK(qibu_run_output_i32(&run, 0, &numbers, &count), QIBU_STATUS_NOT_EXECUTED);
    free(owner);

    /* An index outside its table: no outputs, and the handle goes on. */
    CHECK(qibu_function_arena(&model, encode, &needed), QIBU_STATUS_OK);
    arena = aligned(&other, needed);
    CHECK(qibu_run_bind(&run, &model, encode, arena, needed), QIBU_STATUS_OK);
    CHECK(qibu_function_input(&model, encode, 0, &tensor), QIBU_STATUS_OK);
    ids[3] = 1000000;
    CHECK(qibu_run_set_i32(&run, 0, ids, tensor.elements), QIBU_STATUS_OK);
    CHECK(qibu_run_execute(&run, &position), QIBU_STATUS_ID);
    CHECK(position, 3);
    CHECK(qibu_run_output_f32(&run, 0, &floats, &count), QIBU_STATUS_NOT_EXECUTED);
    ids[3] = -1000000; /* Small negative ones count from the end. */
    CHECK(qibu_run_set_i32(&run, 0, ids, tensor.elements), QIBU_STATUS_OK);
    CHECK(qibu_run_execute(&run, NULL), QIBU_STATUS_ID);
    ids[3] = 5;
    CHECK(qibu_run_set_i32(&run, 0, ids, tensor.elements), QIBU_STATUS_OK);
    CHECK(qibu_run_execute(&run, &position), QIBU_STATUS_OK);
    CHECK(qibu_run_output_f32(&run, 0, &floats, &count), QIBU_STATUS_OK);
    free(other);
}

void attack_poets(const unsigned char *poem, size_t poem_length, const unsigned char *tag,
                  size_t tag_length)
{
    qibu_model model, tagger;
    qibu_poet poet;
    qibu_poet_sizes sizes;
    char text[QIBU_COUPLET_BYTES], again[QIBU_COUPLET_BYTES];
    float latent[256];
    size_t length = 0, needed = 0;
    void *owner;
    unsigned char *arena;

    CHECK(qibu_model_load(&model, poem, poem_length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_model_load(&tagger, tag, tag_length, NULL), QIBU_STATUS_OK);
    memset(&poet, 0, sizeof poet);
    CHECK(qibu_poet_describe(&poet, &sizes), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_poet_new(&poet, &tagger), QIBU_STATUS_NO_POET);
    CHECK(qibu_poet_describe(&poet, &sizes), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_poet_new(&poet, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_poet_new(NULL, &model), QIBU_STATUS_NULL);
    CHECK(qibu_poet_new(&poet, &model), QIBU_STATUS_OK);
    /* The poet needs the bytes only. */
    memset(&model, 0xEE, sizeof model);
    CHECK(qibu_poet_describe(&poet, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_poet_describe(&poet, &sizes), QIBU_STATUS_OK);
    arena = aligned(&owner, sizes.arena);

#define COUPLET(arena, arena_length, text, capacity, length)                                      \
    qibu_poet_couplet(&poet, 7, sizes.temperature, arena, arena_length, text, capacity, length)
    CHECK(COUPLET(NULL, sizes.arena, text, sizeof text, &length), QIBU_STATUS_NULL);
    CHECK(COUPLET(arena + 4, sizes.arena - 4, text, sizeof text, &length),
          QIBU_STATUS_MISALIGNED);
    CHECK(COUPLET(arena, sizes.arena - 1, text, sizeof text, &length), QIBU_STATUS_ARENA);
    CHECK(COUPLET(arena, sizes.arena, text, sizeof text, NULL), QIBU_STATUS_NULL);
    CHECK(COUPLET(arena, sizes.arena, NULL, 0, &needed), QIBU_STATUS_BUFFER);
    CHECK(needed > 0 && needed <= QIBU_COUPLET_BYTES, 1);
    memset(text, '!', sizeof text);
    CHECK(COUPLET(arena, sizes.arena, text, needed - 1, &length), QIBU_STATUS_BUFFER);
    CHECK(length == needed && text[0] == '!', 1);
    CHECK(COUPLET(arena, sizes.arena, NULL, needed, &length), QIBU_STATUS_NULL);
    CHECK(COUPLET(arena, sizes.arena, text, needed, &length), QIBU_STATUS_OK);
    CHECK(length == needed && text[needed - 1] != '!', 1);
    /* The text may lie in the arena, which is free by then. */
    CHECK(COUPLET(arena, sizes.arena, (char *)arena, sizes.arena, &length), QIBU_STATUS_OK);
    CHECK(memcmp(arena, text, needed), 0);

    CHECK(qibu_poet_sample(&poet, 7, sizes.temperature, latent, sizes.latent - 1),
          QIBU_STATUS_LENGTH);
    CHECK(qibu_poet_sample(&poet, 7, sizes.temperature, NULL, sizes.latent), QIBU_STATUS_NULL);
    CHECK(qibu_poet_sample(&poet, 7, sizes.temperature, latent, sizes.latent), QIBU_STATUS_OK);
#define DECODE(latent, count, reading)                                                            \
    qibu_poet_decode(&poet, latent, count, reading, arena, sizes.arena, again, sizeof again, &length)
    CHECK(DECODE(latent, sizes.latent, 2), QIBU_STATUS_VALUE);
    CHECK(DECODE(latent, sizes.latent, -1), QIBU_STATUS_VALUE);
    CHECK(DECODE(latent, sizes.latent + 1, QIBU_READING_DISTINCT), QIBU_STATUS_LENGTH);
    CHECK(DECODE(NULL, sizes.latent, QIBU_READING_DISTINCT), QIBU_STATUS_NULL);
    CHECK(DECODE((const float *)(const void *)arena, sizes.latent, QIBU_READING_DISTINCT),
          QIBU_STATUS_OVERLAP);
    CHECK(DECODE(latent, sizes.latent, QIBU_READING_GREEDY), QIBU_STATUS_OK);
    CHECK(DECODE(latent, sizes.latent, QIBU_READING_DISTINCT), QIBU_STATUS_OK);
    CHECK(length == needed && memcmp(text, again, needed) == 0, 1);
    free(owner);
}
