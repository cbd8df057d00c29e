/* Taggers and streams: what a caller, or its callback, gets wrong. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"

/* Events, and what the sink does beside. */
typedef struct {
    qibu_stream *stream;
    int busy;           /* Calls to the stream from its own sink that were refused. */
    int enter;          /* Call the stream. */
    int tags, ends;
    unsigned sum;
} hearer;

static void hear(void *user, const qibu_event *event)
{
    hearer *to = user;
    if (event->tag < 0)
        to->ends++;
    else
        to->tags++;
    to->sum = to->sum * 31u + (unsigned)(event->tag + 2);
    if (to->enter) {
        to->busy += qibu_stream_push(to->stream, 'a', hear, user) == QIBU_STATUS_BUSY;
        to->busy += qibu_stream_flush(to->stream, hear, user) == QIBU_STATUS_BUSY;
    }
}

/* A text that has more than one window, in UTF-8. */
static const char TEXT[] =
    "\xE4\xBB\x8A\xE5\xA4\xA9\xE5\xA4\xA9\xE6\xB0\x94\xE5\xBE\x88\xE5\xA5\xBD\xE4\xBB\x8A\xE5\xA4"
    "\xA9\xE5\xA4\xA9\xE6\xB0\x94\xE5\xBE\x88\xE5\xA5\xBD";

static unsigned tag_in_pieces(qibu_stream *stream, size_t piece, int times)
{
    hearer to;
    size_t at, part;
    memset(&to, 0, sizeof to);
    for (; times > 0; times--) {
        for (at = 0; at < sizeof TEXT - 1; at += part) {
            part = sizeof TEXT - 1 - at < piece ? sizeof TEXT - 1 - at : piece;
            CHECK(qibu_stream_push_bytes(stream, TEXT + at, part, hear, &to), QIBU_STATUS_OK);
        }
        CHECK(qibu_stream_end(stream, hear, &to), QIBU_STATUS_OK);
    }
    CHECK(qibu_stream_flush(stream, hear, &to), QIBU_STATUS_OK);
    CHECK(to.tags % 12, 0);
    CHECK(to.tags > 0 && to.ends * 12 == to.tags, 1);
    return to.sum;
}

void attack_streams(const unsigned char *poem, size_t poem_length, const unsigned char *tag,
                    size_t tag_length)
{
    static qibu_stream stream, copy;
    static qibu_wide_stream wide;
    qibu_model model, poet;
    qibu_tagger tagger;
    qibu_tagger_sizes sizes;
    qibu_text label;
    hearer to;
    void *owner;
    unsigned char *arena;
    unsigned sum;
    size_t piece;

    memset(&to, 0, sizeof to);
    to.stream = &stream;
    CHECK(qibu_model_load(&model, tag, tag_length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_model_load(&poet, poem, poem_length, NULL), QIBU_STATUS_OK);
    CHECK(qibu_tagger_new(&tagger, &poet), QIBU_STATUS_TAGGER_FUNCTION);
    CHECK(qibu_tagger_describe(&tagger, &sizes), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_tagger_new(NULL, &model), QIBU_STATUS_NULL);
    CHECK(qibu_tagger_new(&tagger, &model), QIBU_STATUS_OK);
    CHECK(qibu_tagger_describe(&tagger, &sizes), QIBU_STATUS_OK);
    CHECK(qibu_tagger_label(&tagger, 0, &label), QIBU_STATUS_OK);
    CHECK(qibu_tagger_label(&tagger, (uint32_t)sizes.tags, &label), QIBU_STATUS_INDEX);
    CHECK(qibu_tagger_label(&tagger, 256, &label), QIBU_STATUS_INDEX);
    CHECK(qibu_tagger_label(&tagger, 0, NULL), QIBU_STATUS_NULL);
    arena = aligned(&owner, sizes.arena);

    /* Not started, and started wrongly. */
    CHECK(qibu_stream_push(&stream, 'a', hear, &to), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_stream_start(NULL, &tagger, arena, sizes.arena), QIBU_STATUS_NULL);
    CHECK(qibu_stream_start((qibu_stream *)(void *)((char *)&stream + 4), &tagger, arena,
                            sizes.arena),
          QIBU_STATUS_MISALIGNED);
    CHECK(qibu_stream_start(&stream, NULL, arena, sizes.arena), QIBU_STATUS_NULL);
    CHECK(qibu_stream_start(&stream, &tagger, NULL, sizes.arena), QIBU_STATUS_NULL);
    CHECK(qibu_stream_start(&stream, &tagger, arena, sizes.arena - 1), QIBU_STATUS_ARENA);
    CHECK(qibu_stream_start(&stream, &tagger, arena + 8, sizes.arena - 8), QIBU_STATUS_MISALIGNED);
    CHECK(qibu_stream_start(&stream, &tagger, &stream, sizeof stream), QIBU_STATUS_OVERLAP);
    CHECK(qibu_stream_push(&stream, 'a', hear, &to), QIBU_STATUS_UNINITIALISED);
    CHECK(qibu_stream_start(&stream, &tagger, arena, sizes.arena), QIBU_STATUS_OK);

    /* A copy would be a second holder of the arena. */
    memcpy(&copy, &stream, sizeof copy);
    CHECK(qibu_stream_push(&copy, 'a', hear, &to), QIBU_STATUS_UNINITIALISED);

    CHECK(qibu_stream_push(&stream, 0xD800, hear, &to), QIBU_STATUS_VALUE);
    CHECK(qibu_stream_push(&stream, 0x110000, hear, &to), QIBU_STATUS_VALUE);
    CHECK(qibu_stream_push(&stream, 'a', NULL, &to), QIBU_STATUS_NULL);
    CHECK(qibu_stream_push_bytes(&stream, NULL, 1, hear, &to), QIBU_STATUS_NULL);
    CHECK(qibu_stream_push_bytes(&stream, "a", SIZE_MAX, hear, &to), QIBU_STATUS_LENGTH);
    CHECK(qibu_stream_push_bytes(&stream, (const char *)arena, 16, hear, &to),
          QIBU_STATUS_OVERLAP);
    CHECK(qibu_stream_push_bytes(&stream, NULL, 0, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_end(&stream, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_flush(&stream, hear, &to), QIBU_STATUS_OK);
    CHECK(to.tags == 0 && to.ends == 1, 1);

    /* A character in pieces is one, and broken ones count. */
    CHECK(qibu_stream_push_bytes(&stream, "\xE4\xBB", 2, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_push_bytes(&stream, "\x8A\xFF", 2, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_push_bytes(&stream, "\xE4", 1, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_flush(&stream, hear, &to), QIBU_STATUS_OK);
    CHECK(to.tags == 3 && to.ends == 2, 1);

    /* Pieces of any size, in streams of both sizes, give the same. */
    sum = tag_in_pieces(&stream, sizeof TEXT, 9);
    for (piece = 1; piece < 8; piece++)
        CHECK(tag_in_pieces(&stream, piece, 9) == sum, 1);
    CHECK(qibu_stream_start_wide(&wide, &tagger, arena, sizes.arena), QIBU_STATUS_OK);
    CHECK(tag_in_pieces(&wide.stream, 5, 9) == sum, 1);

    /* A sink that calls its stream. */
    CHECK(qibu_stream_start(&stream, &tagger, arena, sizes.arena), QIBU_STATUS_OK);
    to.enter = 1;
    CHECK(qibu_stream_push_bytes(&stream, TEXT, sizeof TEXT - 1, hear, &to), QIBU_STATUS_OK);
    CHECK(qibu_stream_flush(&stream, hear, &to), QIBU_STATUS_OK);
    CHECK(to.busy, 2 * 13);
    free(owner);
}
