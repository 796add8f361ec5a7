/**
 * How much memory is kept for later, both read at the start of a process only. Measured over 17,000 documents (100,000 passages)
 * with a stand-in for the model, peak of the main process: 1,200 MB with the defaults, 550 MB with the first, 400 MB with both.
 */

/** Of glibc's allocator: by default it keeps what LanceDB's threads free, an arena per thread, and grows with the number of passages. */
export const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '65536' }

/** Of V8: by default up to 16 MB of new objects wait to be collected, three times over, and with each small one a buffer of vectors. */
export const heap = ['--max-semi-space-size=4']
