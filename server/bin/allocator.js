/**
 * Settings of glibc's allocator, read at the start of a process. It keeps what LanceDB's threads free, an arena per thread:
 * with its defaults the memory of a long vectorization grows with the number of passages (measured: 1.2 GB at 120,000 of them; 0.5 GB with these).
 */
export const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '65536' }
