/* Words: tag MODEL.qibu < TEXT prints the text with a blank between words, as `qibu tag` does.
 *
 * Blanks in the text are not tagged, and stay one blank. (`qibu tag` also lets only such labels follow
 * them as begin a word.)
 *
 * Tags come some characters after the text that they belong to, so the text waits in a queue. Its
 * length is bounded: a stream looks at most a window and a buffer ahead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "qibu.h"

#define QUEUE 65536 /* More than any stream holds back. */

typedef struct {
    qibu_tagger tagger;
    char text[QUEUE];
    size_t first, last; /* Bytes that wait: first to last, around the end. */
    char previous;      /* Label of the character before, or a line feed. */
} writer;

/* Moves one character of the queue to the output. */
static void write_character(writer *to)
{
    do {
        putchar(to->text[to->first++ % QUEUE]);
    } while (to->first != to->last && (to->text[to->first % QUEUE] & 0xC0) == 0x80);
}

/* Drops the blanks at the front of the queue; whether there were any. */
static int drop_blanks(writer *to)
{
    size_t before = to->first;
    while (to->first != to->last && to->text[to->first % QUEUE] == ' ')
        to->first++;
    return to->first != before;
}

static void sink(void *user, const qibu_event *event)
{
    writer *to = user;
    qibu_text label;
    char role;
    int gap = drop_blanks(to);
    if (event->tag < 0) { /* The line ended; its line feed is next in the queue. */
        write_character(to);
        to->previous = '\n';
        return;
    }
    need(qibu_tagger_label(&to->tagger, (uint32_t)event->tag, &label), "label");
    role = label.data[0]; /* B, M, E or S: begin, middle, end of a word, single. */
    if (to->previous != '\n' &&
        (gap || role == 'B' || role == 'S' || to->previous == 'E' || to->previous == 'S'))
        putchar(' ');
    write_character(to);
    to->previous = role;
}

static void keep(writer *to, const char *text, size_t length)
{
    size_t index;
    for (index = 0; index < length; index++) {
        /* Of many blanks one, or they would fill the queue. */
        int waits = to->first != to->last && to->text[(to->last - 1) % QUEUE] == ' ';
        if (text[index] != ' ' || !waits)
            to->text[to->last++ % QUEUE] = text[index];
    }
}

int main(int count, char **arguments)
{
    static qibu_wide_stream stream;
    static writer to;
    qibu_model model;
    qibu_tagger_sizes sizes;
    size_t length;
    void *bytes, *arena;
    char buffer[4096];

    if (count != 2) {
        fprintf(stderr, "usage: %s MODEL.qibu < TEXT\n", arguments[0]);
        return 2;
    }
    bytes = read_file(arguments[1], &length);
    need(qibu_model_load(&model, bytes, length, NULL), arguments[1]);
    need(qibu_tagger_new(&to.tagger, &model), arguments[1]);
    need(qibu_tagger_describe(&to.tagger, &sizes), arguments[1]);
    arena = aligned_bytes(sizes.arena);
    need(qibu_stream_start_wide(&stream, &to.tagger, arena, sizes.arena), arguments[1]);
    to.previous = '\n';

    while (fgets(buffer, sizeof buffer, stdin) != NULL) {
        const char *rest = buffer;
        while (*rest != '\0') {
            size_t part = strcspn(rest, " \n");
            keep(&to, rest, part + (rest[part] != '\0')); /* With the blank or line feed. */
            need(qibu_stream_push_bytes(&stream.stream, rest, part, sink, &to), "text");
            if (rest[part] == '\n')
                need(qibu_stream_end(&stream.stream, sink, &to), "line");
            rest += part + (rest[part] != '\0');
        }
    }
    need(qibu_stream_flush(&stream.stream, sink, &to), "text");
    return 0;
}
