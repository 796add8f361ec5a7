/** What LanceDB reads of the environment, of this process, when it is loaded or first used. What is set already stays. */

/** It writes warnings about empty partitions and the like to stderr, in a form of its own. */
process.env['LANCEDB_LOG'] ??= 'error'

/** Bytes read ahead in a scan, such as that of a compaction. Its own default is 2 GB, so that a small table is in memory as a whole. */
process.env['LANCE_DEFAULT_IO_BUFFER_SIZE'] ??= '32000000'

/** The other shuffler of the vector index holds all vectors at once: of 100,000 passages 270 MB more at the peak, against 90 MB with both of these. */
process.env['LANCE_LEGACY_SHUFFLER'] ??= '1'
