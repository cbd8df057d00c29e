/* Couplets: poem MODEL.qibu [SEED [COUNT]] prints what `qibu poem` prints. */
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "qibu.h"

int main(int count, char **arguments)
{
    qibu_model model;
    qibu_poet poet;
    qibu_poet_sizes sizes;
    qibu_place place;
    qibu_status status;
    size_t length;
    unsigned long long seed, end;
    void *bytes, *arena;

    if (count < 2) {
        fprintf(stderr, "usage: %s MODEL.qibu [SEED [COUNT]]\n", arguments[0]);
        return 2;
    }
    seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    end = seed + (count > 3 ? strtoull(arguments[3], NULL, 10) : 1);

    bytes = read_file(arguments[1], &length);
    status = qibu_model_load(&model, bytes, length, &place);
    if (status != QIBU_STATUS_OK) {
        fprintf(stderr, "error: %s: %s (record %lu: %s)\n", arguments[1],
                qibu_status_string(status), (unsigned long)place.index,
                qibu_fault_string(place.fault));
        return 1;
    }
    need(qibu_model_verify_weights(&model), arguments[1]);
    need(qibu_poet_new(&poet, &model), arguments[1]);
    need(qibu_poet_describe(&poet, &sizes), arguments[1]);
    arena = aligned_bytes(sizes.arena);

    for (; seed != end; seed++) {
        char text[QIBU_COUPLET_BYTES];
        need(qibu_poet_couplet(&poet, seed, sizes.temperature, arena, sizes.arena, text,
                               sizeof text, &length),
             "couplet");
        printf("%.*s\n", (int)length, text);
    }
    return 0;
}
