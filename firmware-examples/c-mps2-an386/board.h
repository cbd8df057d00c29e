/* The board: a UART, and what was used of its memory. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

/* Prepares the UART. */
void board_start(void);

/* Sends a byte; waits until there is room. */
void board_put(char byte);

/* Sleeps until something happens. */
void board_idle(void);

/* Bytes of flash: code, constants, the model, and what is copied to RAM. */
size_t board_flash(void);

/* Most bytes of stack used so far, read from the paint. */
size_t board_stack(void);

#endif
