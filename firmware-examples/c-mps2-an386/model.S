/* The model's file as it is, in flash, on the boundary that qibu_model_load asks for. */
    .section .rodata.model, "a"
    .balign 16
    .global model_start
model_start:
    .incbin MODEL
    .global model_end
model_end:
