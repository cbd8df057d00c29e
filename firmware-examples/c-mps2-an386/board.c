/* The AN386 image of Arm's MPS2 board: a Cortex-M4F with CMSDK peripherals. */
#include "board.h"

#include <stdint.h>

/* Of the linker script. */
extern uint32_t data_start[], data_end[], bss_start[], bss_end[], stack_end[], stack_top[];
extern const uint32_t data_load[], flash_start[], flash_end[];

int main(void);
void reset(void);
void stop(void);

/* What the core reads first: the stack's top, then the handlers of reset and faults. */
__attribute__((section(".vectors"), used)) static const uintptr_t VECTORS[16] = {
    (uintptr_t)stack_top, (uintptr_t)reset, (uintptr_t)stop, (uintptr_t)stop,
    (uintptr_t)stop,      (uintptr_t)stop,  (uintptr_t)stop,
};

/* What free stack holds, so that it can be told how much was ever used. */
#define PAINT 0xCCCCCCCCu

/* The first instructions after power-on. Not inlined code of C's start-up: there is no C library. */
void reset(void)
{
    volatile uint32_t *const access = (volatile uint32_t *)0xE000ED88u; /* CPACR */
    const uint32_t *from = data_load;
    uint32_t *to;
    uint32_t *here = (uint32_t *)__builtin_frame_address(0);

    /* Coprocessors 10 and 11 are the floating-point unit, which is off after reset. */
    *access |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");

    for (to = data_start; to != data_end; to++)
        *to = *from++;
    for (to = bss_start; to != bss_end; to++)
        *to = 0;
    /* The frame of this function and of what it calls is small; 16 words stay unpainted. */
    for (to = stack_end; to < here - 16; to++)
        *(volatile uint32_t *)to = PAINT;
    (void)main();
}

/* A fault: silence, which whoever reads the UART notices. */
void stop(void)
{
    for (;;)
        board_idle();
}

#define UART_DATA (*(volatile uint32_t *)0x40004000u)
#define UART_STATE (*(volatile uint32_t *)0x40004004u)
#define UART_CONTROL (*(volatile uint32_t *)0x40004008u)
#define UART_DIVISOR (*(volatile uint32_t *)0x40004010u)

void board_start(void)
{
    UART_DIVISOR = 25000000u / 115200u; /* 25 MHz, 115,200 baud */
    UART_CONTROL = 1;                   /* Transmitter on. */
}

void board_put(char byte)
{
    while (UART_STATE & 1) { /* The transmit buffer is full. */
    }
    UART_DATA = (unsigned char)byte;
}

void board_idle(void)
{
    __asm__ volatile("wfi");
}

size_t board_flash(void)
{
    return (size_t)((const char *)flash_end - (const char *)flash_start);
}

size_t board_stack(void)
{
    const uint32_t *word = stack_end;
    while (word < stack_top && *(const volatile uint32_t *)word == PAINT)
        word++;
    return (size_t)((const char *)stack_top - (const char *)word);
}
