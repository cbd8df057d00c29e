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
