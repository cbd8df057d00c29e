/* Couplets on a Cortex-M4F, in C: the poem of seeds 1 to 10 on the UART, one a line.
 *
 * They are those of the Rust firmware and of `qibu poem --seed 1 --count 10`, byte for byte. */
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "qibu.h"

/* The kernels that the model needs, which the Makefile has written. */
#include "kernels.h"

/* The model, in flash: model.S. */
extern const unsigned char model_start[], model_end[];

/* What the largest poem model of the repository needs; smaller ones leave some of it unused. */
static QIBU_ALIGNED uint8_t arena[16384];

static void put_text(const char *text)
{
    while (*text != '\0')
        board_put(*text++);
}

static void put_figure(const char *name, size_t value)
{
    char digits[10];
    int count = 0;
    put_text(name);
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        board_put(digits[--count]);
}

static qibu_status print_couplets(void)
{
    qibu_model model;
    qibu_poet poet;
    qibu_poet_sizes sizes;
    char text[QIBU_COUPLET_BYTES];
    size_t length, index;
    uint64_t seed;
    qibu_status status;

    status = qibu_model_load_with(&model, model_start, (size_t)(model_end - model_start), KERNELS,
                                  sizeof KERNELS / sizeof *KERNELS, NULL);
    if (status == QIBU_STATUS_OK)
        status = qibu_poet_new(&poet, &model);
    if (status == QIBU_STATUS_OK)
        status = qibu_poet_describe(&poet, &sizes);
    for (seed = 1; status == QIBU_STATUS_OK && seed <= 10; seed++) {
        status = qibu_poet_couplet(&poet, seed, sizes.temperature, arena, sizeof arena, text,
                                   sizeof text, &length);
        for (index = 0; status == QIBU_STATUS_OK && index < length; index++)
            board_put(text[index]);
        board_put('\n');
    }
    if (status == QIBU_STATUS_OK) {
        put_figure("# flash ", board_flash());
        put_figure(" arena ", sizes.arena);
        put_figure(" stack ", board_stack());
        board_put('\n');
    }
    return status;
}

int main(void)
{
    qibu_status status;
    board_start();
    status = print_couplets();
    if (status != QIBU_STATUS_OK) {
        put_text("error: ");
        put_text(qibu_status_string(status));
        board_put('\n');
    }
    for (;;)
        board_idle();
}
