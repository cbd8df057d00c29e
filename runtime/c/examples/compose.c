/* Poems that keep rules: compose MODEL.qibu [SEED [HEADS [AVOIDED]]] prints the poem of a seed whose
 * lines start with the characters of HEADS (? leaves one open), without the words of AVOIDED, which
 * blanks part. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "qibu.h"

/* What leaves a position without a character. */
static const char *rule_name(int rule)
{
    switch (rule) {
    case QIBU_RULE_TONE: return "tone";
    case QIBU_RULE_RHYME: return "rhyme";
    case QIBU_RULE_FIXED: return "no character of the model";
    case QIBU_RULE_AVOIDED: return "avoided words";
    default: return "none";
    }
}

int main(int count, char **arguments)
{
    qibu_model model;
    qibu_composer composer;
    qibu_poet_sizes sizes;
    qibu_rules rules;
    qibu_verse verse;
    qibu_status status;
    char text[QIBU_COUPLET_BYTES];
    unsigned long long seed;
    size_t length;
    void *bytes, *arena;
    float *latent;

    if (count < 2) {
        fprintf(stderr, "usage: %s MODEL.qibu [SEED [HEADS [AVOIDED]]]\n", arguments[0]);
        return 2;
    }
    seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    memset(&rules, 0, sizeof rules);
    if (count > 3) {
        rules.heads = arguments[3];
        rules.heads_length = strlen(arguments[3]);
    }
    if (count > 4) {
        rules.avoided = arguments[4];
        rules.avoided_length = strlen(arguments[4]);
    }

    bytes = read_file(arguments[1], &length);
    need(qibu_model_load(&model, bytes, length, NULL), arguments[1]);
    need(qibu_model_verify_weights(&model), arguments[1]);
    need(qibu_composer_new(&composer, &model), arguments[1]);
    need(qibu_composer_describe(&composer, &sizes), arguments[1]);
    arena = aligned_bytes(sizes.arena);
    latent = aligned_bytes(sizes.latent * sizeof *latent);
    need(qibu_composer_sample(&composer, seed, sizes.temperature, latent, sizes.latent), "latent");

    status = qibu_composer_compose(&composer, latent, sizes.latent, &rules, arena, sizes.arena,
                                   text, sizeof text, &length, &verse);
    if (status == QIBU_STATUS_UNSATISFIABLE) {
        fprintf(stderr, "error: character %lu: %s\n", (unsigned long)verse.position + 1,
                rule_name(verse.rule));
        return 1;
    }
    need(status, "poem");
    printf("%.*s\n", (int)length, text);
    printf("pattern %d, rhyme %d, likelihood %.2f\n", (int)verse.meter, (int)verse.rhyme,
           (double)verse.likelihood);
    return 0;
}
