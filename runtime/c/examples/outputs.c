/* Any model: outputs MODEL.qibu FUNCTION < INPUTS prints the outputs of one run, an element a line.
 *
 * INPUTS are the elements of all inputs, one input after the other, little-endian. Without a FUNCTION
 * it lists what the file has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "qibu.h"

static void print_text(qibu_text text)
{
    printf("%.*s", (int)text.length, text.data);
}

static void print_tensor(const char *kind, const qibu_tensor *tensor)
{
    static const char *const NAMES[] = {"f32", "f16", "i8", "i16", "i32", "scale", "bool", "i4"};
    uint32_t axis;
    printf("%s ", kind);
    print_text(tensor->name);
    printf(" %s [", NAMES[tensor->dtype]);
    for (axis = 0; axis < tensor->rank; axis++)
        printf(axis == 0 ? "%lu" : ", %lu", (unsigned long)tensor->shape[axis]);
    printf("]\n");
}

static void list(const qibu_model *model)
{
    size_t functions, function, inputs, outputs, index, arena;
    qibu_text name;
    qibu_tensor tensor;
    need(qibu_model_functions(model, &functions), "functions");
    for (function = 0; function < functions; function++) {
        need(qibu_function_name(model, function, &name), "name");
        need(qibu_function_arena(model, function, &arena), "arena");
        need(qibu_function_counts(model, function, &inputs, &outputs), "counts");
        print_text(name);
        printf(": arena of %lu bytes\n", (unsigned long)arena);
        for (index = 0; index < inputs; index++) {
            need(qibu_function_input(model, function, index, &tensor), "input");
            print_tensor("  input", &tensor);
        }
        for (index = 0; index < outputs; index++) {
            need(qibu_function_output(model, function, index, &tensor), "output");
            print_tensor("  output", &tensor);
        }
    }
}

/* Reads `count` elements of `size` bytes from standard input. */
static void *read_elements(size_t count, size_t size)
{
    void *values = aligned_bytes(count * size);
    if (fread(values, size, count, stdin) != count) {
        fprintf(stderr, "error: standard input is too short\n");
        exit(1);
    }
    return values;
}

static void set_input(qibu_run *run, size_t index, const qibu_tensor *tensor)
{
    size_t count = tensor->elements;
    switch (tensor->dtype) {
    case QIBU_DTYPE_F32:
        need(qibu_run_set_f32(run, index, read_elements(count, 4), count), "input");
        break;
    case QIBU_DTYPE_I32:
        need(qibu_run_set_i32(run, index, read_elements(count, 4), count), "input");
        break;
    case QIBU_DTYPE_I16:
        need(qibu_run_set_i16(run, index, read_elements(count, 2), count), "input");
        break;
    case QIBU_DTYPE_I8:
        need(qibu_run_set_i8(run, index, read_elements(count, 1), count), "input");
        break;
    default:
        need(qibu_run_set_bool(run, index, read_elements(count, 1), count), "input");
    }
}

static void print_output(const qibu_run *run, size_t index, const qibu_tensor *tensor)
{
    const float *f32;
    const int32_t *i32;
    const int16_t *i16;
    const int8_t *i8;
    const uint8_t *truth;
    size_t count, at;
    print_tensor("output", tensor);
    switch (tensor->dtype) {
    case QIBU_DTYPE_F32:
        need(qibu_run_output_f32(run, index, &f32, &count), "output");
        for (at = 0; at < count; at++)
            printf("%.9g\n", (double)f32[at]);
        break;
    case QIBU_DTYPE_I32:
        need(qibu_run_output_i32(run, index, &i32, &count), "output");
        for (at = 0; at < count; at++)
            printf("%ld\n", (long)i32[at]);
        break;
    case QIBU_DTYPE_I16:
        need(qibu_run_output_i16(run, index, &i16, &count), "output");
        for (at = 0; at < count; at++)
            printf("%d\n", i16[at]);
        break;
    case QIBU_DTYPE_I8:
        need(qibu_run_output_i8(run, index, &i8, &count), "output");
        for (at = 0; at < count; at++)
            printf("%d\n", i8[at]);
        break;
    default:
        need(qibu_run_output_bool(run, index, &truth, &count), "output");
        for (at = 0; at < count; at++)
            printf("%d\n", truth[at]);
    }
}

int main(int count, char **arguments)
{
    qibu_model model;
    qibu_run run;
    qibu_tensor tensor;
    size_t length, function, inputs, outputs, index;
    void *bytes;

    if (count < 2) {
        fprintf(stderr, "usage: %s MODEL.qibu [FUNCTION < INPUTS]\n", arguments[0]);
        return 2;
    }
    bytes = read_file(arguments[1], &length);
    need(qibu_model_load(&model, bytes, length, NULL), arguments[1]);
    if (count == 2) {
        list(&model);
        return 0;
    }
    need(qibu_model_find(&model, arguments[2], strlen(arguments[2]), &function), arguments[2]);
    need(qibu_function_arena(&model, function, &length), "arena");
    need(qibu_run_bind(&run, &model, function, aligned_bytes(length), length), "arena");
    need(qibu_function_counts(&model, function, &inputs, &outputs), "counts");
    for (index = 0; index < inputs; index++) {
        need(qibu_function_input(&model, function, index, &tensor), "input");
        set_input(&run, index, &tensor);
    }
    need(qibu_run_execute(&run, NULL), "run");
    for (index = 0; index < outputs; index++) {
        need(qibu_function_output(&model, function, index, &tensor), "output");
        print_output(&run, index, &tensor);
    }
    return 0;
}
