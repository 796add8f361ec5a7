/** Where data that was asked for stands; `idle` until something is asked. */
export type DataState = 'idle' | 'pending' | 'error' | 'success'

/** Whether something more is on its way, whatever is already there. */
export type AsyncStatus = 'idle' | 'loading'
