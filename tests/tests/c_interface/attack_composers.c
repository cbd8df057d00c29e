/* What callers of composers get wrong. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"

/* `text` with nothing behind its last byte: reading further is seen. */
static char *exactly(const char *text, size_t *length)
{
    char *copy;
    *length = strlen(text);
    copy = malloc(*length);
    if (copy == NULL)
        exit(2);
    memcpy(copy, text, *length);
    return copy;
}

void attack_composers(const unsigned char *other, size_t other_length, const unsigned char *rules_file,
                      size_t rules_length)
{
    qibu_model model;
    qibu_composer composer, again;
    qibu_poet_sizes sizes;
    qibu_rules rules;
    qibu_verse verse;
    char text[QIBU_COUPLET_BYTES], many[2 * 129 + 1];
    char *fixed, *heads;
    float latent[8];
    size_t length, needed, at;
    unsigned char *arena;
    void *owner;

    CHECK(qibu_model_load(&model, other, other_length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_composer_new(&composer, &model), QIBU_STATUS_NO_COMPOSER);
    CHECK(qibu_composer_describe(&composer, &sizes), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_model_load(&model, rules_file, rules_length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_composer_new(NULL, &model), QIBU_STATUS_NULL);
    CHECK(qibu_composer_new(&composer, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_composer_new(&composer, &model), QIBU_STATUS_OK);
    CHECK(qibu_composer_describe(&composer, NULL), QIBU_STATUS_NULL);
    CHECK(qibu_composer_describe(&composer, &sizes), QIBU_STATUS_OK);
    CHECK(sizes.characters == 10 && sizes.latent <= 8, 1);
    memset(&again, 0, sizeof again);
    CHECK(qibu_composer_describe(&again, &sizes), QIBU_STATUS_UNINITIALISED);
    /* Another kind of handle. */
    CHECK(qibu_poet_describe((const qibu_poet *)(const void *)&composer, &sizes),
          QIBU_STATUS_UNINITIALISED);
    again = composer;
    CHECK(qibu_composer_describe(&again, &sizes), QIBU_STATUS_OK);

    CHECK(qibu_composer_sample(&composer, 1, 1, latent, sizes.latent + 1), QIBU_STATUS_LENGTH);
    CHECK(qibu_composer_sample(&composer, 1, 1, NULL, sizes.latent), QIBU_STATUS_NULL);
    CHECK(qibu_composer_sample(&composer, 1, 1, latent, sizes.latent), QIBU_STATUS_OK);

    arena = aligned(&owner, sizes.arena);
    memset(&rules, 0, sizeof rules);
#define COMPOSE(rules, verse)                                                                     \
    qibu_composer_compose(&composer, latent, sizes.latent, rules, arena, sizes.arena, text,       \
                          sizeof text, &length, verse)
    CHECK(COMPOSE(NULL, NULL), QIBU_STATUS_OK);
    needed = length;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_OK);
    CHECK(length == needed && needed <= sizeof text, 1);
    CHECK(verse.meter >= QIBU_METER_ABCD && verse.meter <= QIBU_METER_BDAB, 1);
    CHECK(verse.rhyme >= 1 && verse.rhyme <= 30 && verse.rule == QIBU_RULE_NONE, 1);
    CHECK(verse.likelihood < 0, 1);
    CHECK(COMPOSE((qibu_rules *)((char *)&rules + 1), &verse), QIBU_STATUS_MISALIGNED);
    CHECK(COMPOSE(&rules, (qibu_verse *)((char *)&verse + 1)), QIBU_STATUS_MISALIGNED);
#define PLAIN(latent, count, arena, arena_length, text, capacity, length)                          \
    qibu_composer_compose(&composer, latent, count, NULL, arena, arena_length, text, capacity,    \
                          length, NULL)
    CHECK(PLAIN(NULL, sizes.latent, arena, sizes.arena, text, sizeof text, &length),
          QIBU_STATUS_NULL);
    CHECK(PLAIN(latent, sizes.latent - 1, arena, sizes.arena, text, sizeof text, &length),
          QIBU_STATUS_LENGTH);
    CHECK(PLAIN(latent, SIZE_MAX, arena, sizes.arena, text, sizeof text, &length),
          QIBU_STATUS_LENGTH);
    CHECK(PLAIN((float *)(void *)arena, sizes.latent, arena, sizes.arena, text, sizeof text,
                &length),
          QIBU_STATUS_OVERLAP);
    CHECK(PLAIN(latent, sizes.latent, NULL, sizes.arena, text, sizeof text, &length),
          QIBU_STATUS_NULL);
    CHECK(PLAIN(latent, sizes.latent, arena + 4, sizes.arena - 4, text, sizeof text, &length),
          QIBU_STATUS_MISALIGNED);
    CHECK(PLAIN(latent, sizes.latent, arena, sizes.arena - 1, text, sizeof text, &length),
          QIBU_STATUS_ARENA);
    CHECK(PLAIN(latent, sizes.latent, arena, sizes.arena, text, sizeof text, NULL),
          QIBU_STATUS_NULL);
    CHECK(PLAIN(latent, sizes.latent, arena, sizes.arena, NULL, 0, &length),
          QIBU_STATUS_BUFFER);
    CHECK(length, needed);
    CHECK(PLAIN(latent, sizes.latent, arena, sizes.arena, NULL, needed, &length),
          QIBU_STATUS_NULL);

    /* Values. */
    for (at = 0; at < 8; at++) {
        static const int32_t wrong[] = {-1, 6, INT32_MIN, INT32_MAX, -1, 31, 256, INT32_MIN};
        memset(&rules, 0, sizeof rules);
        if (at < 4)
            rules.meter = wrong[at];
        else
            rules.rhyme = wrong[at];
        CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_VALUE);
    }
    memset(&rules, 0, sizeof rules);
    rules.rhyme = 30;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_UNSATISFIABLE);
    CHECK(verse.rule == QIBU_RULE_RHYME && verse.position == 9, 1);
    rules.rhyme = 2;
    for (at = QIBU_METER_ANY; at <= QIBU_METER_FREE; at++) {
        rules.meter = (int32_t)at;
        CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_OK);
        CHECK(verse.rhyme, 2);
        CHECK(at == QIBU_METER_ANY || verse.meter == (int32_t)at, 1);
    }

    /* Texts: null, broken, too long, unknown, and exact to the byte. */
    memset(&rules, 0, sizeof rules);
    rules.heads_length = 3;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_NULL);
    rules.heads = "\xE6\x9C";
    rules.heads_length = 2;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_VALUE);
    rules.heads = "???";
    rules.heads_length = 3;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_LENGTH);
    rules.heads_length = SIZE_MAX;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_LENGTH);
    rules.heads = heads = exactly("?\xE6\x9C\x88", &rules.heads_length); /* 月 */
    rules.fixed = fixed = exactly("?\?!", &rules.fixed_length);
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_UNSATISFIABLE);
    CHECK(verse.rule == QIBU_RULE_FIXED && verse.position == 2, 1);
    rules.fixed_length = 2;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_OK);
    CHECK(memcmp(text + 6 * 3, heads + 1, 3), 0);
    free(fixed);
    free(heads);
    memset(&rules, 0, sizeof rules);
    for (at = 0; at < 129; at++)
        memcpy(many + 2 * at, "! ", 2);
    rules.avoided = many;
    rules.avoided_length = 2 * 129;
    /* Words that no poem has take no room. */
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_OK);
    memset(many, '!', sizeof many);
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_LENGTH);
    rules.avoided_length = 128;
    CHECK(COMPOSE(&rules, &verse), QIBU_STATUS_OK);
    free(owner);
}
