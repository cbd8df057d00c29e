/*
 * Qibu: runs small networks from one flat file. No heap, no panic, the same bits on every target.
 *
 *     qibu_model model;
 *     qibu_poet poet;
 *     char text[QIBU_COUPLET_BYTES];
 *     size_t length;
 *     if (qibu_model_load(&model, file, file_length, NULL) == QIBU_STATUS_OK &&
 *         qibu_poet_new(&poet, &model) == QIBU_STATUS_OK &&
 *         qibu_poet_couplet(&poet, 7, 0.8f, arena, sizeof arena, text, sizeof text, &length)
 *             == QIBU_STATUS_OK)
 *         printf("%.*s\n", (int)length, text);
 *
 * Every function returns a status. Null and misaligned pointers, buffers and arenas that are too
 * small, damaged files, models of another kind, handles that were not initialised or whose
 * initialisation failed, and values outside their range are answers, and nothing else happens.
 *
 * What the library cannot check is what the caller promises:
 *
 * 1. Valid. A pointer that is not null points to as much memory as its length, or its type, says.
 * 2. Quiet. Nobody writes to memory that a call reads, or uses memory that it writes, before the
 *    call returns. A model's bytes stay unchanged and in place as long as the model, or what was
 *    made of it, is used; a run's arena stays in place, and a stream's is the stream's alone, as long
 *    as that is used. Pieces of memory that one call is given do not overlap, unless they are only
 *    read.
 * 3. Handles. A handle (`qibu_model`, `qibu_run`, `qibu_poet`, `qibu_composer`, `qibu_tagger`,
 *    `qibu_stream`) is storage of the caller's: zero, or initialised by its own function, before it is
 *    given to another one. A stream is zero before it is started for the first time, too: what stands there by
 *    chance, or from before a reset, could say that it is in use. None needs to be freed, and
 *    initialising one again replaces it.
 *
 * Text is UTF-8 with a length, without a NUL behind it. Nothing is global: threads may use handles of
 * their own at the same time, and share those that they only read.
 */

#ifndef QIBU_H
#define QIBU_H

#include <stddef.h>
#include <stdint.h>

/** Alignment of a model's bytes and of an arena: `static QIBU_ALIGNED uint8_t arena[16384];`. */
#if defined(__cplusplus)
#define QIBU_ALIGNED alignas(16)
#elif defined(_MSC_VER)
#define QIBU_ALIGNED __declspec(align(16))
#else
#define QIBU_ALIGNED __attribute__((aligned(16)))
#endif

/**
 * A kernel: an operator for some element types, named after them.
 */
typedef struct qibu_kernel qibu_kernel;

#ifdef __cplusplus
extern "C" {
#endif
extern const qibu_kernel qibu_kernel_dense_i8_i8;
extern const qibu_kernel qibu_kernel_dense_i8_i4;
extern const qibu_kernel qibu_kernel_dense_i16_i8;
extern const qibu_kernel qibu_kernel_dense_i16_i4;
extern const qibu_kernel qibu_kernel_dense_f32_f32;
extern const qibu_kernel qibu_kernel_dense_f32_f16;
extern const qibu_kernel qibu_kernel_dense_i8_tile1;
extern const qibu_kernel qibu_kernel_dense_i8_tile4;
extern const qibu_kernel qibu_kernel_dense_i8_tile16;
extern const qibu_kernel qibu_kernel_dense_i16_tile1;
extern const qibu_kernel qibu_kernel_dense_i16_tile4;
extern const qibu_kernel qibu_kernel_dense_i16_tile16;
extern const qibu_kernel qibu_kernel_dense_i8_wide1;
extern const qibu_kernel qibu_kernel_dense_i8_wide4;
extern const qibu_kernel qibu_kernel_dense_i16_wide1;
extern const qibu_kernel qibu_kernel_dense_i16_wide4;
extern const qibu_kernel qibu_kernel_conv_i8_i8;
extern const qibu_kernel qibu_kernel_conv_i8_i4;
extern const qibu_kernel qibu_kernel_conv_i16_i8;
extern const qibu_kernel qibu_kernel_conv_i16_i4;
extern const qibu_kernel qibu_kernel_conv_f32_f32;
extern const qibu_kernel qibu_kernel_conv_f32_f16;
extern const qibu_kernel qibu_kernel_conv_i8_tile1;
extern const qibu_kernel qibu_kernel_conv_i8_tile4;
extern const qibu_kernel qibu_kernel_conv_i8_tile16;
extern const qibu_kernel qibu_kernel_conv_i16_tile1;
extern const qibu_kernel qibu_kernel_conv_i16_tile4;
extern const qibu_kernel qibu_kernel_conv_i16_tile16;
extern const qibu_kernel qibu_kernel_conv_i8_wide1;
extern const qibu_kernel qibu_kernel_conv_i8_wide4;
extern const qibu_kernel qibu_kernel_conv_i16_wide1;
extern const qibu_kernel qibu_kernel_conv_i16_wide4;
extern const qibu_kernel qibu_kernel_conv_i8_depthwise;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_i8;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_i4;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_i8;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_i4;
extern const qibu_kernel qibu_kernel_top_k_dense_f32_f32;
extern const qibu_kernel qibu_kernel_top_k_dense_f32_f16;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_tile1;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_tile4;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_tile16;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_tile1;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_tile4;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_tile16;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_wide1;
extern const qibu_kernel qibu_kernel_top_k_dense_i8_wide4;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_wide1;
extern const qibu_kernel qibu_kernel_top_k_dense_i16_wide4;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_i8;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_i4;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_i8;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_i4;
extern const qibu_kernel qibu_kernel_top_k_groups_f32_f32;
extern const qibu_kernel qibu_kernel_top_k_groups_f32_f16;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_tile1;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_tile4;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_tile16;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_tile1;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_tile4;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_tile16;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_wide1;
extern const qibu_kernel qibu_kernel_top_k_groups_i8_wide4;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_wide1;
extern const qibu_kernel qibu_kernel_top_k_groups_i16_wide4;
extern const qibu_kernel qibu_kernel_mat_mul_i8;
extern const qibu_kernel qibu_kernel_mat_mul_f32;
extern const qibu_kernel qibu_kernel_gate_integer;
extern const qibu_kernel qibu_kernel_gate_f32;
extern const qibu_kernel qibu_kernel_arithmetic_add_integer;
extern const qibu_kernel qibu_kernel_arithmetic_add_f32;
extern const qibu_kernel qibu_kernel_arithmetic_mul_integer;
extern const qibu_kernel qibu_kernel_arithmetic_mul_f32;
extern const qibu_kernel qibu_kernel_mean_integer;
extern const qibu_kernel qibu_kernel_mean_f32;
extern const qibu_kernel qibu_kernel_pool_i8;
extern const qibu_kernel qibu_kernel_pool_i16;
extern const qibu_kernel qibu_kernel_pool_f32;
extern const qibu_kernel qibu_kernel_unary_table;
extern const qibu_kernel qibu_kernel_unary_i32;
extern const qibu_kernel qibu_kernel_unary_bool;
extern const qibu_kernel qibu_kernel_unary_f32;
extern const qibu_kernel qibu_kernel_unary_f32_sqrt;
extern const qibu_kernel qibu_kernel_unary_f32_exp;
extern const qibu_kernel qibu_kernel_unary_f32_tanh;
extern const qibu_kernel qibu_kernel_unary_f32_expm1;
extern const qibu_kernel qibu_kernel_unary_f32_log;
extern const qibu_kernel qibu_kernel_unary_f32_erf;
extern const qibu_kernel qibu_kernel_unary_f32_softplus;
extern const qibu_kernel qibu_kernel_unary_f32_sin;
extern const qibu_kernel qibu_kernel_binary_i32;
extern const qibu_kernel qibu_kernel_binary_bool;
extern const qibu_kernel qibu_kernel_binary_f32;
extern const qibu_kernel qibu_kernel_binary_f32_pow;
extern const qibu_kernel qibu_kernel_binary_f32_mod;
extern const qibu_kernel qibu_kernel_types_quantise;
extern const qibu_kernel qibu_kernel_types_dequantise;
extern const qibu_kernel qibu_kernel_to_grid_f32;
extern const qibu_kernel qibu_kernel_cast_any;
extern const qibu_kernel qibu_kernel_gather_plain;
extern const qibu_kernel qibu_kernel_gather_i4;
extern const qibu_kernel qibu_kernel_gather_f16;
extern const qibu_kernel qibu_kernel_scatter_any;
extern const qibu_kernel qibu_kernel_select_any;
extern const qibu_kernel qibu_kernel_copy_any;
extern const qibu_kernel qibu_kernel_pad_any;
extern const qibu_kernel qibu_kernel_concat_any;
extern const qibu_kernel qibu_kernel_reduce_i8;
extern const qibu_kernel qibu_kernel_reduce_i16;
extern const qibu_kernel qibu_kernel_reduce_i32;
extern const qibu_kernel qibu_kernel_reduce_f32;
extern const qibu_kernel qibu_kernel_cum_sum_i32;
extern const qibu_kernel qibu_kernel_cum_sum_f32;
extern const qibu_kernel qibu_kernel_arg_max_i8;
extern const qibu_kernel qibu_kernel_arg_max_i16;
extern const qibu_kernel qibu_kernel_arg_max_i32;
extern const qibu_kernel qibu_kernel_arg_max_f32;
extern const qibu_kernel qibu_kernel_top_k_i8;
extern const qibu_kernel qibu_kernel_top_k_i16;
extern const qibu_kernel qibu_kernel_top_k_i32;
extern const qibu_kernel qibu_kernel_top_k_f32;
extern const qibu_kernel qibu_kernel_softmax_f32;
extern const qibu_kernel qibu_kernel_normalise_f32;
#ifdef __cplusplus
}
#endif

/**
 * Number of this interface. A program that finds another one in `qibu_abi` was built with the
 * header of another library.
 */
#define QIBU_ABI 1

/**
 * Words of a `qibu_model`.
 */
#define QIBU_MODEL_WORDS 20

/**
 * Most dimensions of a tensor.
 */
#define QIBU_MAX_RANK 6

/**
 * Words of a `qibu_run`.
 */
#define QIBU_RUN_WORDS 22

/**
 * Words of a `qibu_poet`.
 */
#define QIBU_POET_WORDS 30

/**
 * Bytes that hold any poem, of two lines or four.
 */
#define QIBU_COUPLET_BYTES 124

/**
 * Words of a `qibu_composer`.
 */
#define QIBU_COMPOSER_WORDS 44

/**
 * Words of a `qibu_tagger`.
 */
#define QIBU_TAGGER_WORDS 54

/**
 * Ids that a `qibu_stream` has room for.
 */
#define QIBU_STREAM_IDS 128

/**
 * Tags that a `qibu_stream` has room for.
 */
#define QIBU_STREAM_TAGS 4

/**
 * Ids that a `qibu_wide_stream` has room for.
 */
#define QIBU_WIDE_STREAM_IDS 1024

/**
 * Tags that a `qibu_wide_stream` has room for.
 */
#define QIBU_WIDE_STREAM_TAGS 64

/**
 * Characters that a stream looks ahead before it decides a tag by force.
 */
#define QIBU_STREAM_BUFFER 128

/**
 * Words of a `qibu_stream`, each as wide as a pointer.
 */
#define QIBU_STREAM_WORDS 84

/**
 * Numbers in a `qibu_stream`.
 */
#define QIBU_STREAM_NUMBERS 104

/**
 * Numbers in a `qibu_wide_stream` behind its stream.
 */
#define QIBU_WIDE_STREAM_NUMBERS 1222

/**
 * Most words.
 */
#define Words_MOST 32

/**
 * What every function answers. The numbers are stable.
 */
enum qibu_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    QIBU_STATUS_OK = 0,
    /**
     * A pointer is null that must not be.
     */
    QIBU_STATUS_NULL = 1,
    /**
     * A pointer is not aligned: a model's bytes and an arena to 16 bytes, all else as its type.
     */
    QIBU_STATUS_MISALIGNED = 2,
    /**
     * The handle was not initialised, its initialisation failed, or it is one of another kind.
     */
    QIBU_STATUS_UNINITIALISED = 3,
    /**
     * The stream is in use: its own sink calls it.
     */
    QIBU_STATUS_BUSY = 4,
    /**
     * Two pieces of memory share bytes that must not.
     */
    QIBU_STATUS_OVERLAP = 5,
    /**
     * A length is not what is needed, or more than memory can be.
     */
    QIBU_STATUS_LENGTH = 6,
    /**
     * There is no function, input or output with this index.
     */
    QIBU_STATUS_INDEX = 7,
    /**
     * The input or output has another element type.
     */
    QIBU_STATUS_DTYPE = 8,
    /**
     * There is nothing of this name.
     */
    QIBU_STATUS_NOT_FOUND = 9,
    /**
     * The caller's buffer is too small; the needed length was written.
     */
    QIBU_STATUS_BUFFER = 10,
    /**
     * The arena is shorter than the function needs.
     */
    QIBU_STATUS_ARENA = 11,
    /**
     * Outputs are asked for and the function has not been executed since its inputs were set.
     */
    QIBU_STATUS_NOT_EXECUTED = 12,
    /**
     * An index among the inputs is outside its table.
     */
    QIBU_STATUS_ID = 13,
    /**
     * A value that its type does not have: a truth value other than 0 and 1, an unknown reading, no
     * Unicode character.
     */
    QIBU_STATUS_VALUE = 14,
    /**
     * The weights do not match their checksum.
     */
    QIBU_STATUS_WEIGHTS = 15,
    /**
     * An operand does not fit its kernel; loading rules this out.
     */
    QIBU_STATUS_KERNEL = 16,
    /**
     * The file is truncated, or has bytes behind its end.
     */
    QIBU_STATUS_FILE_LENGTH = 32,
    /**
     * The bytes are no Qibu model.
     */
    QIBU_STATUS_FILE_HEADER = 33,
    /**
     * The file has a format version that this library does not read.
     */
    QIBU_STATUS_FILE_VERSION = 34,
    /**
     * An unknown flag is set in the file.
     */
    QIBU_STATUS_FILE_FLAGS = 35,
    /**
     * The structure checksum does not match: the file is damaged.
     */
    QIBU_STATUS_FILE_CHECKSUM = 36,
    /**
     * The padding behind a section is not zero.
     */
    QIBU_STATUS_FILE_PADDING = 37,
    /**
     * The text section is not UTF-8.
     */
    QIBU_STATUS_FILE_TEXT = 38,
    /**
     * A function record is wrong.
     */
    QIBU_STATUS_FILE_FUNCTION = 39,
    /**
     * A tensor record is wrong.
     */
    QIBU_STATUS_FILE_TENSOR = 40,
    /**
     * A step is wrong.
     */
    QIBU_STATUS_FILE_STEP = 41,
    /**
     * The model is no poem model.
     */
    QIBU_STATUS_NO_POET = 64,
    /**
     * No tag model: it has no function `emit`.
     */
    QIBU_STATUS_TAGGER_FUNCTION = 65,
    /**
     * `emit` takes other inputs than ids and pairs of a window.
     */
    QIBU_STATUS_TAGGER_INPUTS = 66,
    /**
     * `emit` gives other outputs than scores of a window.
     */
    QIBU_STATUS_TAGGER_OUTPUTS = 67,
    /**
     * The labels are not those of the network's tags.
     */
    QIBU_STATUS_TAGGER_LABELS = 68,
    /**
     * The tagger's vocabulary is missing, unsorted or too long.
     */
    QIBU_STATUS_TAGGER_VOCABULARY = 69,
    /**
     * The tagger has no transitions (table `crf`).
     */
    QIBU_STATUS_TAGGER_TRANSITIONS = 70,
    /**
     * The table `crf` does not fit the tags.
     */
    QIBU_STATUS_TAGGER_CRF = 71,
    /**
     * The tables of character pairs are missing or do not fit.
     */
    QIBU_STATUS_TAGGER_PAIRS = 72,
    /**
     * The stream has too few ids or tags for this tagger: use a wider one.
     */
    QIBU_STATUS_STREAM_CAPACITY = 73,
    /**
     * The model has no function `compose`, or not what belongs to it.
     */
    QIBU_STATUS_NO_COMPOSER = 74,
    /**
     * A rule leaves a position of the poem without a character: `qibu_verse` says which.
     */
    QIBU_STATUS_UNSATISFIABLE = 75,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_status qibu_status;
#else
typedef int32_t qibu_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A section of a file. The numbers are stable.
 */
enum qibu_section
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None in particular.
     */
    QIBU_SECTION_NONE = 0,
    /**
     * Functions.
     */
    QIBU_SECTION_FUNCTIONS = 1,
    /**
     * Tensors.
     */
    QIBU_SECTION_TENSORS = 2,
    /**
     * Steps.
     */
    QIBU_SECTION_STEPS = 3,
    /**
     * Parameters.
     */
    QIBU_SECTION_PARAMETERS = 4,
    /**
     * Text.
     */
    QIBU_SECTION_TEXT = 5,
    /**
     * Weights.
     */
    QIBU_SECTION_WEIGHTS = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_section qibu_section;
#else
typedef int32_t qibu_section;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is wrong with a record of a file. The numbers are stable.
 */
enum qibu_fault
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing, or no record.
     */
    QIBU_FAULT_NONE = 0,
    /**
     * An unknown code of operator, element type, layout or place.
     */
    QIBU_FAULT_CODE = 1,
    /**
     * A reference leaves its section.
     */
    QIBU_FAULT_RANGE = 2,
    /**
     * A count of operands or attributes that the operator does not have.
     */
    QIBU_FAULT_ARITY = 3,
    /**
     * An operand does not exist or is in the wrong place.
     */
    QIBU_FAULT_OPERAND = 4,
    /**
     * An element type that the operator or place does not take.
     */
    QIBU_FAULT_DTYPE = 5,
    /**
     * A shape that is empty, too large, or does not fit the other operands.
     */
    QIBU_FAULT_SHAPE = 6,
    /**
     * A misaligned or out-of-range offset.
     */
    QIBU_FAULT_OFFSET = 7,
    /**
     * A scale, zero point or shift out of range.
     */
    QIBU_FAULT_SCALE = 8,
    /**
     * An attribute out of range.
     */
    QIBU_FAULT_ATTRIBUTE = 9,
    /**
     * The 32-bit accumulator could overflow.
     */
    QIBU_FAULT_ACCUMULATOR = 10,
    /**
     * The function's arena is too short for its tensors.
     */
    QIBU_FAULT_ARENA = 11,
    /**
     * Something is read that nothing wrote.
     */
    QIBU_FAULT_UNWRITTEN = 12,
    /**
     * Outputs overlap inputs or each other.
     */
    QIBU_FAULT_OVERLAP = 13,
    /**
     * More multiply-accumulates than the limit.
     */
    QIBU_FAULT_WORK = 14,
    /**
     * No kernel is linked for the operator and its element types.
     */
    QIBU_FAULT_KERNEL = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_fault qibu_fault;
#else
typedef int32_t qibu_fault;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Element types. The numbers are those of the file format.
 */
enum qibu_dtype
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * `float`.
     */
    QIBU_DTYPE_F32 = 0,
    /**
     * IEEE 754 binary16; weights only.
     */
    QIBU_DTYPE_F16 = 1,
    /**
     * `int8_t`; the real value is `scale * (q - zero_point)`.
     */
    QIBU_DTYPE_I8 = 2,
    /**
     * `int16_t`; the real value is `scale * q`.
     */
    QIBU_DTYPE_I16 = 3,
    /**
     * `int32_t`: indices, or scores with the real value `scale * q`.
     */
    QIBU_DTYPE_I32 = 4,
    /**
     * Scale words of a requantisation; weights only.
     */
    QIBU_DTYPE_SCALE = 5,
    /**
     * Truth value in a byte: zero is false.
     */
    QIBU_DTYPE_BOOL = 6,
    /**
     * 4-bit integer; weights only.
     */
    QIBU_DTYPE_I4 = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_dtype qibu_dtype;
#else
typedef int32_t qibu_dtype;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a couplet is read off the candidates.
 */
enum qibu_reading
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No character twice, the most confident position first.
     */
    QIBU_READING_DISTINCT = 0,
    /**
     * The best character of each position.
     */
    QIBU_READING_GREEDY = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_reading qibu_reading;
#else
typedef int32_t qibu_reading;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which tones a poem keeps: a pattern by the types of its lines, in five characters `A *ZPPZ`,
 * `B PP*ZP`, `C *PPZZ`, `D *ZZPP` (P level, Z oblique).
 */
enum qibu_meter
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Those of the best pattern.
     */
    QIBU_METER_ANY = 0,
    /**
     * Pattern ABCD; of a couplet the first two lines, as of all.
     */
    QIBU_METER_ABCD = 1,
    /**
     * Pattern DBCD.
     */
    QIBU_METER_DBCD = 2,
    /**
     * Pattern CDAB.
     */
    QIBU_METER_CDAB = 3,
    /**
     * Pattern BDAB.
     */
    QIBU_METER_BDAB = 4,
    /**
     * None, and no rhyme unless one is given.
     */
    QIBU_METER_FREE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_meter qibu_meter;
#else
typedef int32_t qibu_meter;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A rule that leaves a position without a character.
 */
enum qibu_rule
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None does.
     */
    QIBU_RULE_NONE = 0,
    /**
     * The pattern's tone.
     */
    QIBU_RULE_TONE = 1,
    /**
     * The rhyme.
     */
    QIBU_RULE_RHYME = 2,
    /**
     * The fixed character is not in the vocabulary.
     */
    QIBU_RULE_FIXED = 3,
    /**
     * Avoided words.
     */
    QIBU_RULE_AVOIDED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qibu_rule qibu_rule;
#else
typedef int32_t qibu_rule;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A loaded model, in the caller's memory. Its bytes must stay unchanged as long as it, or what was
 * made of it, is used. It may be copied, and owns nothing: there is nothing to free.
 */
typedef struct qibu_model {
    size_t opaque[QIBU_MODEL_WORDS];
} qibu_model;

/**
 * Where a file is wrong.
 */
typedef struct qibu_place {
    /**
     * Section of the file.
     */
    qibu_section section;
    /**
     * Record in the section, from 0; for `QIBU_STATUS_FILE_VERSION` the file's version.
     */
    uint32_t index;
    /**
     * What is wrong with the record.
     */
    qibu_fault fault;
} qibu_place;

/**
 * Text in a model: `length` bytes of UTF-8, without a NUL behind them.
 */
typedef struct qibu_text {
    /**
     * The first byte, in the model's bytes.
     */
    const char *data;
    /**
     * Bytes.
     */
    size_t length;
} qibu_text;

/**
 * An input or output of a function.
 */
typedef struct qibu_tensor {
    /**
     * Its name.
     */
    struct qibu_text name;
    /**
     * Element type.
     */
    qibu_dtype dtype;
    /**
     * Number of dimensions.
     */
    uint32_t rank;
    /**
     * The dimensions; the rest are zero.
     */
    uint32_t shape[QIBU_MAX_RANK];
    /**
     * Product of the dimensions.
     */
    size_t elements;
    /**
     * Real value of one quantisation step; 1 for floats and indices.
     */
    float scale;
    /**
     * Quantised value of real zero.
     */
    int32_t zero_point;
} qibu_tensor;

/**
 * A function joined to an arena, in the caller's memory. It may be copied, and owns nothing; it does
 * not need the `qibu_model` any more, but the model's bytes.
 */
typedef struct qibu_run {
    size_t opaque[QIBU_RUN_WORDS];
} qibu_run;

/**
 * A poem model with its vocabulary, in the caller's memory. It may be copied, and owns nothing; it
 * does not need the `qibu_model` any more, but the model's bytes.
 */
typedef struct qibu_poet {
    size_t opaque[QIBU_POET_WORDS];
} qibu_poet;

/**
 * What a poet needs and gives.
 */
typedef struct qibu_poet_sizes {
    /**
     * Bytes of arena.
     */
    size_t arena;
    /**
     * Dimensions of the latent.
     */
    size_t latent;
    /**
     * Characters of a poem.
     */
    size_t characters;
    /**
     * The temperature that the model's card recommends.
     */
    float temperature;
} qibu_poet_sizes;

/**
 * A poem model that keeps rules, in the caller's memory. It may be copied, and owns nothing; it does
 * not need the `qibu_model` any more, but the model's bytes.
 */
typedef struct qibu_composer {
    size_t opaque[QIBU_COMPOSER_WORDS];
} qibu_composer;

/**
 * What a poem has to keep. All zero, it is a regulated verse of the best pattern and rhyme.
 */
typedef struct qibu_rules {
    /**
     * A `qibu_meter`.
     */
    int32_t meter;
    /**
     * 0, or the rhyme: 1 for 一东 to 30 for 十五咸, in the order of the Pingshui book's level groups.
     */
    int32_t rhyme;
    /**
     * Characters by position, UTF-8: `?` leaves one open, as does the end of the text. May be null.
     */
    const char *fixed;
    /**
     * Its bytes.
     */
    size_t fixed_length;
    /**
     * First characters of the lines, in the same way. May be null.
     */
    const char *heads;
    /**
     * Its bytes.
     */
    size_t heads_length;
    /**
     * Words that no line may have, UTF-8, with blanks between them. May be null.
     */
    const char *avoided;
    /**
     * Its bytes.
     */
    size_t avoided_length;
} qibu_rules;

/**
 * A poem, or why there is none.
 */
typedef struct qibu_verse {
    /**
     * The pattern that it keeps: a `qibu_meter`.
     */
    int32_t meter;
    /**
     * Its rhyme, 1…30, or 0.
     */
    int32_t rhyme;
    /**
     * 1 where no poem was found without a character that stands twice, else 0.
     */
    int32_t repeats;
    /**
     * With `QIBU_STATUS_UNSATISFIABLE`, what none suits: a `qibu_rule`.
     */
    int32_t rule;
    /**
     * And where: characters before it.
     */
    size_t position;
    /**
     * Log-probability by the network, in nats: it ranks poems of different latents.
     */
    float likelihood;
} qibu_verse;

/**
 * A tag model with its vocabulary and tables, in the caller's memory. It may be copied, and owns
 * nothing; it does not need the `qibu_model` any more, but the model's bytes.
 */
typedef struct qibu_tagger {
    size_t opaque[QIBU_TAGGER_WORDS];
} qibu_tagger;

/**
 * What a tagger needs.
 */
typedef struct qibu_tagger_sizes {
    /**
     * Bytes of arena.
     */
    size_t arena;
    /**
     * Ids that one run of the network reads: at most `QIBU_STREAM_IDS`, or `QIBU_WIDE_STREAM_IDS`.
     */
    size_t ids;
    /**
     * Tags: at most `QIBU_STREAM_TAGS`, or `QIBU_WIDE_STREAM_TAGS`.
     */
    size_t tags;
} qibu_tagger_sizes;

/**
 * Tags of texts, one behind the other, in the caller's memory. It keeps the arena for itself as long
 * as it is used, and stays where it is: a copy answers `QIBU_STATUS_UNINITIALISED`. It owns nothing,
 * and may be started again at any time.
 */
typedef struct qibu_stream {
    uint64_t opaque_numbers[QIBU_STREAM_NUMBERS];
    size_t opaque_words[QIBU_STREAM_WORDS];
} qibu_stream;

/**
 * A stream for taggers with more ids or tags. `qibu_stream_start_wide` starts it, and all other
 * functions take its `stream`.
 */
typedef struct qibu_wide_stream {
    /**
     * The stream.
     */
    struct qibu_stream stream;
    uint64_t opaque_numbers[QIBU_WIDE_STREAM_NUMBERS];
} qibu_wide_stream;

/**
 * What comes out of a stream.
 */
typedef struct qibu_event {
    /**
     * Tag of the next character, from 0; -1 where the text ended.
     */
    int32_t tag;
    /**
     * At the end: how many tags of this text were decided by force, for want of buffer or because
     * the model allows none there.
     */
    uint32_t forced;
} qibu_event;

/**
 * Hears what comes out of a stream, in order: one event for each character, one for each end. It
 * returns normally (no `longjmp`, no exception); calls to its own stream answer `QIBU_STATUS_BUSY`.
 */
typedef void (*qibu_sink)(void *user, const struct qibu_event *event);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * What `status` says, in English: a static string that ends with a NUL, never null.
 */
const char *qibu_status_string(int32_t status);

/**
 * What `fault` says, in English: a static string that ends with a NUL, never null.
 */
const char *qibu_fault_string(int32_t fault);

/**
 * The number of the library's interface: `QIBU_ABI` of the header that belongs to it.
 */
uint32_t qibu_abi(void);

/**
 * Checks `length` bytes of a model file whole and makes `model` a view of them.
 *
 * The bytes start on a 16-byte boundary (`QIBU_ALIGNED`). After `QIBU_STATUS_OK` nothing that is
 * run with the model reads or writes outside it and its arena, or fails to end. Where the file is
 * refused, `place` says where it is wrong; `place` may be null.
 */
qibu_status qibu_model_load(struct qibu_model *model,
                            const void *bytes,
                            size_t length,
                            struct qibu_place *place);

/**
 * `qibu_model_load`, which also refuses a model where one run of a function takes more work than
 * `macs`: multiply-accumulates, and elements written.
 */
qibu_status qibu_model_load_within(struct qibu_model *model,
                                   const void *bytes,
                                   size_t length,
                                   uint64_t macs,
                                   struct qibu_place *place);

/**
 * `qibu_model_load` for the `count` kernels in `kernels` and no others, so that a program links only
 * them: `const qibu_kernel *const SET[] = {&qibu_kernel_dense_i16_i8, …};`.
 *
 * `cargo run -p qibu-c --example kernels -- MODEL.qibu` writes the set of a model. A step without
 * kernel is `QIBU_STATUS_FILE_STEP`, with `QIBU_FAULT_KERNEL` at its place. The array must stay
 * unchanged as long as the model's bytes.
 */
qibu_status qibu_model_load_with(struct qibu_model *model,
                                 const void *bytes,
                                 size_t length,
                                 const qibu_kernel *const *kernels,
                                 size_t count,
                                 struct qibu_place *place);

/**
 * `QIBU_STATUS_OK` where the weights match their checksum, else `QIBU_STATUS_WEIGHTS`. Loading
 * leaves them out, as nothing unsafe can come of them; this takes time in proportion to the file.
 */
qibu_status qibu_model_verify_weights(const struct qibu_model *model);

/**
 * Finds the value of the metadata called `key`: `task`, `vocab`, `licence` and the like.
 */
qibu_status qibu_model_metadata(const struct qibu_model *model,
                                const char *key,
                                size_t key_length,
                                struct qibu_text *value);

/**
 * Key and value of metadata entry `index`, in file order from 0; `QIBU_STATUS_INDEX` behind the last.
 */
qibu_status qibu_model_metadata_entry(const struct qibu_model *model,
                                      size_t index,
                                      struct qibu_text *key,
                                      struct qibu_text *value);

/**
 * How many functions `model` has; one at least in files that the compiler writes.
 */
qibu_status qibu_model_functions(const struct qibu_model *model, size_t *count);

/**
 * Finds the function called `name` (`main`, `generate`, …): its index among the functions.
 */
qibu_status qibu_model_find(const struct qibu_model *model,
                            const char *name,
                            size_t name_length,
                            size_t *index);

/**
 * Name of function `index`.
 */
qibu_status qibu_function_name(const struct qibu_model *model,
                               size_t index,
                               struct qibu_text *name);

/**
 * Bytes of arena that function `index` needs.
 */
qibu_status qibu_function_arena(const struct qibu_model *model, size_t index, size_t *length);

/**
 * How many inputs and outputs function `index` has.
 */
qibu_status qibu_function_counts(const struct qibu_model *model,
                                 size_t index,
                                 size_t *inputs,
                                 size_t *outputs);

/**
 * What input `input` of function `index` is.
 */
qibu_status qibu_function_input(const struct qibu_model *model,
                                size_t index,
                                size_t input,
                                struct qibu_tensor *tensor);

/**
 * What output `output` of function `index` is.
 */
qibu_status qibu_function_output(const struct qibu_model *model,
                                 size_t index,
                                 size_t output,
                                 struct qibu_tensor *tensor);

/**
 * Joins function `index` of `model` to `arena`, whose contents do not matter.
 *
 * The arena starts on a 16-byte boundary (`QIBU_ALIGNED`), has at least the bytes that
 * `qibu_function_arena` says, and serves one function at a time: what another one does there
 * destroys inputs and outputs.
 */
qibu_status qibu_run_bind(struct qibu_run *run,
                          const struct qibu_model *model,
                          size_t index,
                          void *arena,
                          size_t length);

/**
 * Sets float input `index`; `count` is its number of elements. The values are copied and do not lie
 * in the arena.
 */
qibu_status qibu_run_set_f32(struct qibu_run *run, size_t index, const float *values, size_t count);

/**
 * Sets int32 input `index`: indices, for the most part.
 */
qibu_status qibu_run_set_i32(struct qibu_run *run,
                             size_t index,
                             const int32_t *values,
                             size_t count);

/**
 * Sets int16 input `index`, as quantised values.
 */
qibu_status qibu_run_set_i16(struct qibu_run *run,
                             size_t index,
                             const int16_t *values,
                             size_t count);

/**
 * Sets int8 input `index`, as quantised values.
 */
qibu_status qibu_run_set_i8(struct qibu_run *run, size_t index, const int8_t *values, size_t count);

/**
 * Sets input `index` of truth values, a byte each: 0 or 1, else `QIBU_STATUS_VALUE`.
 */
qibu_status qibu_run_set_bool(struct qibu_run *run,
                              size_t index,
                              const uint8_t *values,
                              size_t count);

/**
 * Runs the function. It may overwrite its inputs: set all of them before each run.
 *
 * `QIBU_STATUS_ID`: an index that was set is outside its table; `position`, which may be null, says
 * which one of its input. There are no outputs then.
 */
qibu_status qibu_run_execute(struct qibu_run *run, size_t *position);

/**
 * Float output `index`: a pointer into the arena, good until the arena is used again.
 */
qibu_status qibu_run_output_f32(const struct qibu_run *run,
                                size_t index,
                                const float **values,
                                size_t *count);

/**
 * Int32 output `index`: a pointer into the arena, good until the arena is used again.
 */
qibu_status qibu_run_output_i32(const struct qibu_run *run,
                                size_t index,
                                const int32_t **values,
                                size_t *count);

/**
 * Int16 output `index`, quantised: a pointer into the arena, good until the arena is used again.
 */
qibu_status qibu_run_output_i16(const struct qibu_run *run,
                                size_t index,
                                const int16_t **values,
                                size_t *count);

/**
 * Int8 output `index`, quantised: a pointer into the arena, good until the arena is used again.
 */
qibu_status qibu_run_output_i8(const struct qibu_run *run,
                               size_t index,
                               const int8_t **values,
                               size_t *count);

/**
 * Output `index` of truth values, a byte each, zero is false: a pointer into the arena, good until
 * the arena is used again.
 */
qibu_status qibu_run_output_bool(const struct qibu_run *run,
                                 size_t index,
                                 const uint8_t **values,
                                 size_t *count);

/**
 * Finds the poet in `model`.
 */
qibu_status qibu_poet_new(struct qibu_poet *poet, const struct qibu_model *model);

/**
 * What the poet needs and gives.
 */
qibu_status qibu_poet_describe(const struct qibu_poet *poet, struct qibu_poet_sizes *sizes);

/**
 * Writes the couplet of `seed` to `text`: UTF-8, without a NUL behind it.
 *
 * `temperature` is boldness, `qibu_poet_sizes.temperature` or another. The arena starts on a 16-byte
 * boundary and its contents do not matter. `length` becomes the couplet's bytes; where `capacity` is
 * smaller nothing is written to `text`, and the answer is `QIBU_STATUS_BUFFER`. `QIBU_COUPLET_BYTES`
 * are always enough.
 */
qibu_status qibu_poet_couplet(const struct qibu_poet *poet,
                              uint64_t seed,
                              float temperature,
                              void *arena,
                              size_t arena_length,
                              char *text,
                              size_t capacity,
                              size_t *length);

/**
 * Draws the latent of `seed`: `count` Gaussians times `temperature`, as `qibu_poet_couplet` does.
 */
qibu_status qibu_poet_sample(const struct qibu_poet *poet,
                             uint64_t seed,
                             float temperature,
                             float *latent,
                             size_t count);

/**
 * Writes the couplet of `latent`, `count` floats, as `qibu_poet_couplet` does. `reading` is a
 * `qibu_reading`. The latent does not lie in the arena.
 */
qibu_status qibu_poet_decode(const struct qibu_poet *poet,
                             const float *latent,
                             size_t count,
                             int32_t reading,
                             void *arena,
                             size_t arena_length,
                             char *text,
                             size_t capacity,
                             size_t *length);

/**
 * Finds the composer in `model`: a function `compose` and what belongs to it.
 */
qibu_status qibu_composer_new(struct qibu_composer *composer, const struct qibu_model *model);

/**
 * What the composer needs and gives.
 */
qibu_status qibu_composer_describe(const struct qibu_composer *composer,
                                   struct qibu_poet_sizes *sizes);

/**
 * Draws the latent of `seed`: `count` Gaussians times `temperature`, as `qibu_poet_sample` does.
 */
qibu_status qibu_composer_sample(const struct qibu_composer *composer,
                                 uint64_t seed,
                                 float temperature,
                                 float *latent,
                                 size_t count);

/**
 * Writes the poem of `latent`, `count` floats, that keeps `rules` to `text`: UTF-8, without a NUL
 * behind it.
 *
 * `rules` may be null, and is all zero then. `verse` may be null; else it says what the poem keeps, or,
 * with `QIBU_STATUS_UNSATISFIABLE`, which position and rule leave no character. `QIBU_STATUS_LENGTH`:
 * the latent has another length, or more is fixed than a poem has, or more avoided than 128 characters
 * in 32 words. Arena, text and length are as of `qibu_poet_couplet`; the latent does not lie in the
 * arena.
 */
qibu_status qibu_composer_compose(const struct qibu_composer *composer,
                                  const float *latent,
                                  size_t count,
                                  const struct qibu_rules *rules,
                                  void *arena,
                                  size_t arena_length,
                                  char *text,
                                  size_t capacity,
                                  size_t *length,
                                  struct qibu_verse *verse);

/**
 * Finds the tagger in `model`.
 */
qibu_status qibu_tagger_new(struct qibu_tagger *tagger, const struct qibu_model *model);

/**
 * What the tagger needs.
 */
qibu_status qibu_tagger_describe(const struct qibu_tagger *tagger, struct qibu_tagger_sizes *sizes);

/**
 * Name of `tag`, from 0; `QIBU_STATUS_INDEX` behind the last.
 */
qibu_status qibu_tagger_label(const struct qibu_tagger *tagger,
                              uint32_t tag,
                              struct qibu_text *label);

/**
 * Starts a stream of `tagger` over `arena`. The storage is zero, or that of a stream: one that is
 * running answers `QIBU_STATUS_BUSY`.
 *
 * The arena starts on a 16-byte boundary, has at least the bytes that `qibu_tagger_describe` says,
 * and belongs to the stream as long as that is used.
 */
qibu_status qibu_stream_start(struct qibu_stream *stream,
                              const struct qibu_tagger *tagger,
                              void *arena,
                              size_t arena_length);

/**
 * `qibu_stream_start` for taggers with more ids or tags.
 */
qibu_status qibu_stream_start_wide(struct qibu_wide_stream *stream,
                                   const struct qibu_tagger *tagger,
                                   void *arena,
                                   size_t arena_length);

/**
 * The next bytes of the text, UTF-8: any number, whole characters or not. Tags of characters before
 * them may come out. Each malformed sequence counts as one U+FFFD. Line ends and blanks are
 * characters like any other: a caller leaves them out, and ends the text with `qibu_stream_end`.
 *
 * `QIBU_STATUS_ID`: the network's tables have fewer rows than the vocabulary has characters.
 */
qibu_status qibu_stream_push_bytes(struct qibu_stream *stream,
                                   const char *text,
                                   size_t length,
                                   qibu_sink sink,
                                   void *user);

/**
 * The next character of the text, a Unicode scalar value. Tags of characters before it may come out.
 */
qibu_status qibu_stream_push(struct qibu_stream *stream,
                             uint32_t character,
                             qibu_sink sink,
                             void *user);

/**
 * The text ends here. Its last tags and its end may wait for what follows.
 */
qibu_status qibu_stream_end(struct qibu_stream *stream, qibu_sink sink, void *user);

/**
 * Everything that waits comes out now; a text that has begun ends here.
 */
qibu_status qibu_stream_flush(struct qibu_stream *stream, qibu_sink sink, void *user);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QIBU_H */
